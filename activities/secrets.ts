import { DrsError } from '../drs/errors.js';
import { type Problem, problemLines, SECRET_FIELDS } from '../drs/operations/common.js';

/** Where a secret is about to be sent, as the endpoint beside it says. */
export interface SecretUse {
  /** `10.0.0.1`, `10.0.0.1:3306` or a list `a:27017,b:27017`, all of which must be allowed. */
  readonly host?: string;
  /** Id of a cloud database instance. */
  readonly instance?: string;
  readonly user?: string;
  /** Where in the request the secret stands, for messages. */
  readonly path: string;
}

/** The worker's secrets. A spec names them; the worker's configuration says with which endpoints each may be used. */
export interface Secrets {
  /** The value as it is now. @throws Error that names the secret and never its value. */
  read(name: string, use: SecretUse): Promise<string>;
  /** Why the secret may not be used there, in words for people that hold neither value nor allowed endpoints; undefined when it may. */
  check(name: string, use: SecretUse): string | undefined;
}

type Fields = Readonly<Record<string, unknown>>;
export type Endpoint = Omit<SecretUse, 'path'>;

export interface ResolveOptions {
  /** Operation that the request is for, in errors. */
  readonly operation?: string;
  /**
   * The endpoint of a request that names none of its own (a password change names its task and end only).
   * Gets the objects round the secret, innermost first.
   */
  readonly endpointOf?: (enclosing: readonly Fields[]) => Endpoint | undefined | Promise<Endpoint | undefined>;
}

interface Found {
  /** The `{ secret }` itself: paths may coincide where keys hold dots. */
  readonly node: object;
  readonly name: string;
  readonly uses: readonly SecretUse[];
  readonly problem?: string;
}

/** Every `property` is an object of its own here; 6.1.3's text is made from it later. */
const PASSWORDS: ReadonlySet<string> = new Set(SECRET_FIELDS.filter((field) => field !== 'property'));

/**
 * A copy of the request in which each `{ secret: NAME }` is the secret's value. Everything is checked before anything is read.
 *
 * A secret goes only into a field for passwords (elsewhere DRS would show it to whoever reads the task), and only beside
 * endpoints that its entry names: the object's own, and those of all objects round it.
 *
 * @throws DrsError of kind `permission` that lists every refused use; of kind `credentials` when a secret cannot be read.
 */
export async function resolveSecrets<T>(request: T, secrets: Secrets, options: ResolveOptions = {}): Promise<T> {
  const operation = options.operation ?? 'resolveSecrets';
  const found = await findSecrets(request, options);
  const problems = found.flatMap((one) => problemsWith(one, secrets));
  if (problems.length > 0) {
    throw new DrsError('permission', `refused before any call: ${problemLines(problems).join('; ')}`, { operation });
  }
  const values = new Map<object, string>();
  for (const { node, name, uses } of found) {
    for (const use of uses) values.set(node, await read(secrets, name, use, operation));
  }
  return replace(request, values) as T;
}

/** The problems of all secrets in a spec or request, each at its path; asks for no value. */
export async function secretProblems(
  request: unknown,
  secrets: Secrets,
  options: ResolveOptions = {},
): Promise<Problem[]> {
  return (await findSecrets(request, options)).flatMap((one) => problemsWith(one, secrets));
}

function problemsWith({ name, uses, problem }: Found, secrets: Secrets): Problem[] {
  const path = uses[0]?.path ?? '';
  if (problem) return [{ path, message: problem }];
  const messages = uses.map((use) => secrets.check(name, use)).filter((message) => message !== undefined);
  return [...new Set(messages)].map((message) => ({ path, message }));
}

async function read(secrets: Secrets, name: string, use: SecretUse, operation: string): Promise<string> {
  try {
    return await secrets.read(name, use);
  } catch (error) {
    throw new DrsError(
      'credentials',
      `${use.path}: ${error instanceof Error ? error.message : 'the secret cannot be read'}`,
      { operation },
    );
  }
}

async function findSecrets(request: unknown, { endpointOf }: ResolveOptions): Promise<Found[]> {
  const found: Found[] = [];
  const walk = async (value: unknown, path: string, field: string, enclosing: readonly Fields[]): Promise<void> => {
    const name = secretName(value);
    if (name !== undefined) found.push(await describe(value as object, name, path, field, enclosing));
    else if (Array.isArray(value)) {
      for (const [index, entry] of value.entries()) await walk(entry, `${path}[${index}]`, field, enclosing);
    } else if (isFields(value)) {
      for (const [key, inner] of Object.entries(value))
        await walk(inner, path ? `${path}.${key}` : key, key, [value, ...enclosing]);
    }
  };
  const describe = async (
    node: object,
    name: string,
    path: string,
    field: string,
    enclosing: readonly Fields[],
  ): Promise<Found> => {
    if (!PASSWORDS.has(field))
      return { node, name, uses: [{ path }], problem: 'no secret may stand here: this is no field for a password' };
    const endpoints = enclosing.map(endpointIn).filter((endpoint) => endpoint !== undefined);
    if (endpoints.length === 0) endpoints.push((await endpointOf?.(enclosing)) ?? {});
    const user = enclosing.map(userIn).find((one) => one !== undefined);
    return {
      node,
      name,
      uses: endpoints.map((endpoint) => ({ ...endpoint, ...(user !== undefined && { user }), path })),
    };
  };
  await walk(request, '', '', []);
  return found;
}

function replace(value: unknown, values: ReadonlyMap<object, string>): unknown {
  if (Array.isArray(value)) return value.map((entry) => replace(entry, values));
  if (!isFields(value)) return value;
  return (
    values.get(value) ?? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replace(inner, values)]))
  );
}

function secretName(value: unknown): string | undefined {
  if (!isFields(value)) return undefined;
  const name = value['secret'];
  return typeof name === 'string' && Object.keys(value).length === 1 ? name : undefined;
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The endpoint that an object describes, in the spellings of 6.1.1–6.1.4 and of 6.1.3's property. */
export function endpointIn(object: Fields): Endpoint | undefined {
  const host = text(object['ip']);
  const instances = [object['inst_id'], object['instance_id'], object['instid']]
    .map(text)
    .filter((id) => id !== undefined);
  const instance = text([...new Set(instances)].join(','));
  if (host === undefined && instance === undefined) return undefined;
  const port = object['db_port'] ?? object['dbport'];
  return {
    ...(host !== undefined && { host: withPort(host, port) }),
    ...(instance !== undefined && { instance }),
  };
}

const userIn = (object: Fields): string | undefined =>
  text(object['db_user'] ?? object['dbuser'] ?? object['user'] ?? object['account']);

/**
 * Every host and port that a call could mean. The port of 6.1.2 stands in a field of its own, for MongoDB (0) in each host;
 * where both are given, both must be allowed.
 */
function withPort(hosts: string, port: unknown): string {
  if (!(Number(port) > 0)) return hosts;
  const each = hosts.split(',').flatMap((host) => {
    const [, bare, own] = /^(\[.*\]|[^:]*)(:\d+)?$/.exec(host.trim()) ?? ['', `[${host.trim()}]`];
    return own === undefined || own === `:${port}` ? [`${bare}:${port}`] : [host, `${bare}:${port}`];
  });
  return each.join(',');
}

const text = (value: unknown): string | undefined =>
  value === undefined || value === null || value === '' ? undefined : String(value);
