import type { Secrets, SecretUse } from '../activities/secrets.js';
import type { Env } from '../drs/auth/credentials.js';
import { readSecret } from '../encryption/secret.js';
import type { SecretEntry, WorkerConfig } from './config.js';

/** The secrets of the configuration. Values are read at each use, so that a rotated one counts at once. */
export function secretBook(config: Pick<WorkerConfig, 'secrets'>, env: Env = process.env): Secrets {
  const check = (name: string, use: SecretUse): string | undefined => {
    const entry = Object.hasOwn(config.secrets, name) ? config.secrets[name] : undefined;
    return entry ? misuse(name, entry, use) : `the worker's configuration has no secret "${name}"`;
  };
  return {
    check,
    async read(name, use) {
      const refusal = check(name, use);
      if (refusal !== undefined) throw new Error(refusal);
      return await readSecret(name, config.secrets[name] as SecretEntry, env);
    },
  };
}

/** Every part of an endpoint must be named by the entry: an instance of one's own beside an allowed address would not do. */
function misuse(
  name: string,
  { hosts, instances, users }: SecretEntry,
  { host, instance, user }: SecretUse,
): string | undefined {
  const notFor = (what: string, list: string) =>
    `secret "${name}" may not be used with ${what}: secrets.${name}.${list} of the worker's configuration does not name it`;
  if (hosts.length + instances.length === 0)
    return `secret "${name}" is not for databases: the worker's configuration gives it neither hosts nor instances`;
  if (host === undefined && instance === undefined)
    return `secret "${name}" cannot be used here: no host or instance stands beside it`;
  if (host !== undefined && !host.split(',').every((one) => hosts.some((allowed) => covers(allowed, one))))
    return notFor('this host', 'hosts');
  if (instance !== undefined && !instances.includes(instance)) return notFor('this instance', 'instances');
  if (users.length > 0 && (user === undefined || !users.includes(user)))
    return notFor(user === undefined ? 'no user' : 'this user', 'users');
  return undefined;
}

/** An entry without a port covers every port of its host. Exact otherwise: names are not resolved, addresses not rewritten. */
function covers(allowed: string, asked: string): boolean {
  const [entry, use] = [hostAndPort(allowed), hostAndPort(asked)];
  return use.host !== '' && entry.host === use.host && (entry.port === undefined || entry.port === use.port);
}

function hostAndPort(text: string): { host: string; port: string | undefined } {
  const [, bracketed, plain, port] = /^(?:\[(.*)\]|([^:]*))(?::(\d+))?$/.exec(text.trim()) ?? [];
  return { host: (bracketed ?? plain ?? text.trim()).toLowerCase(), port };
}
