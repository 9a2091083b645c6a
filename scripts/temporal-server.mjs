import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cacheHome } from './find-program.mjs';
import { call } from './grpc.mjs';

export { cachedTemporal, findTemporal, TEMPORAL_CLI } from './find-temporal.mjs';

/** What runs of drs-pilot are found by. */
export const SEARCH_ATTRIBUTES = {
  DrsJobId: 'KeywordList',
  DrsKind: 'Keyword',
  DrsPhase: 'Keyword',
  DrsGate: 'Keyword',
  DrsConsistent: 'Keyword',
};

const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 5_000;
const ATTEMPTS = 3;

/**
 * Starts a Temporal dev server of our own and returns once it answers for the namespace and knows the search attributes.
 * It ends with `stop()`, and with this process however that ends.
 */
export async function startTemporal(options = {}) {
  for (let attempt = 1; ; attempt++) {
    const settings = {
      namespace: 'default',
      searchAttributes: SEARCH_ATTRIBUTES,
      ip: '127.0.0.1',
      extraArgs: [],
      ...options,
      port: options.port ?? (await freePort(options.ip)),
      uiPort: options.uiPort ?? (await freePort(options.ip)),
    };
    try {
      return settings.binary ? await startOwn(settings) : await startDownloaded(settings);
    } catch (error) {
      // Between asking for a free port and taking it somebody else may have taken it.
      const takenMeanwhile = /address already in use/i.test(error.message) && options.port === undefined;
      if (!takenMeanwhile || attempt === ATTEMPTS) throw error;
    }
  }
}

async function startOwn({ binary, port, uiPort, dbFile, namespace, searchAttributes, ip, extraArgs }) {
  const args = [
    'server',
    'start-dev',
    '--ip',
    ip,
    '--port',
    String(port),
    '--namespace',
    namespace,
    '--log-level',
    'error',
  ];
  args.push(...(uiPort === false ? ['--headless'] : ['--ui-port', String(uiPort)]));
  if (dbFile) {
    mkdirSync(dirname(resolve(dbFile)), { recursive: true });
    args.push('--db-filename', resolve(dbFile));
  }
  for (const [name, type] of Object.entries(searchAttributes)) args.push('--search-attribute', `${name}=${type}`);

  // A group of its own: Ctrl-C reaches us alone, and we stop the worker before its server.
  const child = spawn(binary, [...args, ...extraArgs], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const output = tail(child);
  const exited = new Promise((done) => child.once('exit', done).once('error', done));
  const release = endWithUs(child);
  const stop = async () => {
    if (running(child)) {
      child.kill('SIGTERM');
      const over = new AbortController();
      await Promise.race([exited, delay(STOP_WITHIN_MS, undefined, { signal: over.signal }).catch(() => undefined)]);
      over.abort();
      if (running(child)) child.kill('SIGKILL');
      await exited;
    }
    release();
  };
  exited.then(release);

  const address = `${reachable(ip)}:${port}`;
  const uiUrl = uiPort === false ? undefined : `http://${reachable(ip)}:${uiPort}`;
  try {
    await ready(child, async () => {
      // Only our child says this port on its output; another server that sits there would answer the calls, too.
      if (!new RegExp(`Server:\\s+\\S*:${port}\\b`).test(output()))
        throw new Error(`it does not listen on port ${port}`);
      await answers(address, namespace, Object.keys(searchAttributes));
      if (uiUrl) await uiAnswers(uiUrl, namespace);
    });
  } catch (error) {
    await stop();
    throw new Error(`the Temporal dev server did not come up: ${error.message}. ${output()}`.trim());
  }
  return { address, uiUrl, pid: child.pid, exited: exited.then(() => {}), stop };
}

/** The SDK brings its own server where we have none. */
async function startDownloaded({ port, uiPort, dbFile, namespace, searchAttributes, ip, extraArgs }) {
  const { TestWorkflowEnvironment } = await import('@temporalio/testing');
  const { defineSearchAttributeKey } = await import('@temporalio/common');
  const downloadDir = cacheHome();
  mkdirSync(downloadDir, { recursive: true });
  // KeywordList → KEYWORD_LIST
  const typeOf = (type) => type.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();
  const starting = TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'cached-download', downloadDir },
      ip,
      port,
      namespace,
      ui: uiPort !== false,
      ...(uiPort !== false && { uiPort }),
      ...(dbFile && { dbFilename: resolve(dbFile) }),
      searchAttributes: Object.entries(searchAttributes).map(([name, type]) =>
        defineSearchAttributeKey(name, typeOf(type)),
      ),
      extraArgs,
    },
  });
  const env = await starting.catch((error) => {
    const mend = 'install the Temporal CLI or Go 1.25, or name a CLI in DRS_PILOT_TEMPORAL_CLI';
    throw new Error(`no Temporal dev server: the SDK could not download one (${mend}). ${error.message}`);
  });
  return {
    address: `${reachable(ip)}:${port}`,
    uiUrl: uiPort === false ? undefined : `http://${reachable(ip)}:${uiPort}`,
    pid: undefined,
    exited: new Promise(() => {}),
    stop: () => env.teardown(),
  };
}

async function ready(child, check) {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    if (!running(child)) throw new Error(`it ended (${child.signalCode ?? child.exitCode ?? 'could not be run'})`);
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(30);
    }
  }
}

async function answers(address, namespace, names) {
  await call(address, '/grpc.health.v1.Health/Check', 'temporal.api.workflowservice.v1.WorkflowService');
  await call(address, '/temporal.api.workflowservice.v1.WorkflowService/DescribeNamespace', namespace);
  const known = await call(address, '/temporal.api.operatorservice.v1.OperatorService/ListSearchAttributes', namespace);
  const missing = names.filter((name) => !known.includes(name));
  if (missing.length > 0) throw new Error(`it lacks the search attributes ${missing.join(', ')}`);
}

async function uiAnswers(uiUrl, namespace) {
  const { status } = await fetch(`${uiUrl}/api/v1/namespaces/${namespace}`, { signal: AbortSignal.timeout(2_000) });
  if (status !== 200) throw new Error(`its UI answers with ${status}`);
}

/** Kills the child when we exit; a watching shell does it where we are killed ourselves: its input ends with us. */
function endWithUs(child) {
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  let watch;
  if (child.pid && process.platform !== 'win32') {
    const script =
      'cat >/dev/null; kill -TERM "$0" 2>/dev/null && for n in 1 2 3 4 5; do sleep 1; kill -0 "$0" || exit 0; done 2>/dev/null; kill -KILL "$0" 2>/dev/null';
    watch = spawn('sh', ['-c', script, String(child.pid)], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    watch.once('error', () => undefined);
    watch.stdin.once('error', () => undefined);
    watch.unref();
    watch.stdin.unref?.();
  }
  return () => {
    process.removeListener('exit', kill);
    watch?.kill('SIGKILL');
  };
}

const running = (child) => child.pid !== undefined && child.exitCode === null && child.signalCode === null;

function tail(child) {
  let said = '';
  const keep = (text) => {
    said = (said + text).slice(-1_000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  return () => said.trim();
}

const reachable = (ip) => (ip === '0.0.0.0' ? '127.0.0.1' : ip === '::' ? '[::1]' : ip.includes(':') ? `[${ip}]` : ip);

/** A port that nobody listens on at this moment. */
export function freePort(ip = '127.0.0.1') {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, ip, () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}
