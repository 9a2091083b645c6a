import { fileURLToPath } from 'node:url';

const NO_TEMPORAL_SETTINGS = fileURLToPath(new URL('no-temporal.toml', import.meta.url));

/** Variables that would lead a demo or a test to somebody's real server, cloud or configuration. */
const LEADS_ELSEWHERE =
  /^(TEMPORAL_.*|HUAWEICLOUD_.*|OS_.*|HW_.*|DRS_ENDPOINT|IAM_ENDPOINT|DRS_PILOT_(?!TEMPORAL_CLI$).*)$/;

/** The environment for what must reach nothing but its own servers: no team's Temporal, no real cloud, no proxy in between. */
export function isolated(env = process.env) {
  const kept = Object.fromEntries(Object.entries(env).filter(([name]) => !LEADS_ELSEWHERE.test(name)));
  const direct = [env.NO_PROXY ?? env.no_proxy, '127.0.0.1', 'localhost'].filter(Boolean).join(',');
  return { ...kept, NO_PROXY: direct, no_proxy: direct, TEMPORAL_CONFIG_FILE: NO_TEMPORAL_SETTINGS };
}
