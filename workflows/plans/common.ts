import { z } from 'zod';
import {
  Endpoint,
  JobId,
  KafkaSecurity,
  type Problem,
  problemsOf,
  TaskName,
  withRules,
} from '../../drs/operations/common.js';
import type { Change } from '../messages.js';
import { readWindow } from '../window.js';
import { isUndecodable, UNDECODABLE } from './decision.js';

export type { Problem };

/** The name of a secret of the worker's configuration; a spec never holds the value. */
export const SecretRef = z.strictObject(
  { secret: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be a name: lower-case letters, digits and hyphens') },
  { error: ({ input }) => (input === undefined ? 'is missing' : 'must name a secret of the worker: { secret: NAME }') },
);

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `90s`, `15m`, `12h`, `3d`; read as milliseconds. */
export const Duration = z
  .string()
  .regex(/^\d{1,6}[smhd]$/, 'must be a duration: 90s, 15m, 12h or 3d')
  .transform((text) => Number(text.slice(0, -1)) * UNITS[text.slice(-1) as keyof typeof UNITS]);

/** A moment, as a time or counted from the first opening of the gate. */
export type Deadline = { readonly at: number } | { readonly after: number };

const Deadline = z
  .string()
  .refine((text) => readDeadline(text) !== undefined, 'must be a time, 2026-01-31T04:00:00Z, or a duration: 90m, 12h')
  .transform((text) => readDeadline(text) as Deadline);

function readDeadline(text: string): Deadline | undefined {
  const duration = Duration.safeParse(text);
  if (duration.success) return { after: duration.data };
  return z.iso.datetime({ offset: true }).safeParse(text).success ? { at: Date.parse(text) } : undefined;
}

const DayWindow = z.string().transform((text, context) => {
  const window = readWindow(text);
  if (typeof window !== 'string') return window;
  context.addIssue({ code: 'custom', message: window });
  return z.NEVER;
});

const GroupName = z.string().min(1).max(100);
const Webhooks = z.array(z.string().min(1).max(100)).max(20);

const Escalation = z.strictObject({
  after: Duration.meta({ description: 'How long the gate has been open by then.' }),
  group: GroupName.meta({ description: "A group of the worker's approvers whose members may decide, too." }),
  notify: Webhooks.optional().meta({ description: 'Webhooks that are told; those of the spec when left out.' }),
});

/** Who is asked at a gate, and what happens when nobody answers. */
export const Gate = withRules(
  z.strictObject({
    approvals: z
      .int()
      .min(1)
      .max(20)
      .optional()
      .meta({ description: 'How many must approve; the worker may demand more.' }),
    group: GroupName.optional().meta({ description: "A group of the worker's approvers." }),
    validFor: Duration.optional().meta({
      description: 'How long an approval counts; until the gate closes when left out.',
    }),
    window: DayWindow.optional().meta({
      description: 'When it may be approved, each day: 01:00–04:00 Asia/Shanghai; past midnight, too.',
    }),
    timeout: Duration.optional().meta({ description: 'How long each opening waits before onTimeout.' }),
    deadline: Deadline.optional().meta({
      description: 'A time, or a duration from the first opening: then what onTimeout says, reject when left out.',
    }),
    onTimeout: z.enum(['wait', 'reject', 'abort']).optional().meta({ description: 'wait (default) keeps asking.' }),
    remindEvery: Duration.optional().meta({ description: 'How often the webhooks are reminded; 1h when left out.' }),
    escalate: Escalation.optional().meta({ description: 'Who may decide, too, when nobody has for a while.' }),
  }),
  ({ deadline, onTimeout }, tell) => {
    if (deadline !== undefined && onTimeout === 'wait')
      tell('onTimeout', 'must be reject or abort: after a deadline nothing is waited for');
  },
);
export type GateSpec = z.output<typeof Gate>;

/** Where the report of a run goes. */
export const Report = z.strictObject({
  store: z.string().min(1).max(63).meta({ description: "A store of the worker's configuration." }),
});
export type ReportSpec = z.output<typeof Report>;

/** Where a spec names a store for what it writes: `store`, `report.store`, `export.store`. */
export function storesIn(spec: Raw): { readonly path: string; readonly store: string }[] {
  const named = [['store', spec['store']], ...['report', 'export'].map((part) => [`${part}.store`, spec[part]?.store])];
  return named.flatMap(([path, store]) => (typeof store === 'string' ? [{ path, store }] : []));
}

/** Hooks of the worker's configuration, in their order. */
export const HookNames = z
  .array(z.string().min(1).max(63))
  .max(20)
  .refine((names) => new Set(names).size === names.length, 'must name each hook once');

/** Calls of the worker's configuration round something, each list in its order. */
export const Hooks = z
  .strictObject({ before: HookNames.default([]), after: HookNames.default([]) })
  .prefault({})
  .meta({ description: "Hooks of the worker's configuration, called one after another." });
export type HooksSpec = z.output<typeof Hooks>;

const SpecKafkaSecurity = z.strictObject({
  ...KafkaSecurity.shape,
  trust_store_password: SecretRef.optional(),
  key_store_key: SecretRef.optional(),
  key_store_password: SecretRef.optional(),
  key_password: SecretRef.optional(),
});

/** An endpoint as a spec has it: the wire's fields, but every password is the name of a secret. */
const { db_password: _, ssl_cert_password: __, kafka_security_config: ___, ...plainEndpoint } = Endpoint.shape;
export const SpecEndpoint = z.strictObject({
  ...plainEndpoint,
  password: SecretRef.optional(),
  ssl_cert_password: SecretRef.optional(),
  kafka_security_config: SpecKafkaSecurity.optional(),
});
export type SpecEndpoint = z.output<typeof SpecEndpoint>;

/** Who asked for the run; a signature over the whole spec proves it. `drs-pilot start --key FILE` writes it. */
export const Requested = z
  .strictObject({
    by: z.string().trim().min(1).max(200),
    time: z.iso.datetime(),
    signature: z.string().min(1).max(8192),
  })
  .meta({ description: 'Who requests the run, signed; written by drs-pilot start --key.' });
export type Requested = z.output<typeof Requested>;

/** What every kind of spec has. */
export const planBase = (kind: string) => ({
  kind: z.literal(kind).optional(),
  name: TaskName.meta({ description: "The DRS task's name." }),
  cloud: z.string().min(1).max(100).optional().meta({ description: 'Only where the worker serves several clouds.' }),
  notify: Webhooks.optional().meta({ description: "Webhooks of the worker's configuration." }),
  onAbort: z
    .enum(['keep', 'pause', 'terminate'])
    .default('keep')
    .meta({ description: 'What becomes of the DRS task when the run is rejected, aborted or cancelled.' }),
  requested: Requested.optional(),
  adopt: JobId.optional().meta({ description: 'Takes over this existing task, after a gate.' }),
});

/** What a run must know of its plan. A kind without endpoints has nothing that a person's change could touch. */
export interface PlanBase {
  readonly name: string;
  readonly cloud?: string | undefined;
  readonly notify?: string[] | undefined;
  readonly requested?: Requested | undefined;
  readonly onAbort?: 'keep' | 'pause' | 'terminate';
  source?: SpecEndpoint;
  target?: SpecEndpoint;
}

/** How a kind of spec is read: its own schema, and the requests that it will become, which know the rules of the reference. */
export interface ReadSpec<P> {
  readonly schema: z.ZodType<P>;
  /** Rules beyond the schema, on the raw spec: any field may be missing or of another type. */
  readonly problems: (spec: Raw) => readonly Problem[];
}

// biome-ignore lint/suspicious/noExplicitAny: the raw spec is anything
export type Raw = Record<string, any>;

export interface SpecReading<P> {
  readonly plan?: P;
  readonly problems: readonly Problem[];
  /** The spec without what looks like a password; absent where it is no object. */
  readonly shown?: Raw;
}

/** Reads a spec and tells all its problems at once, each by its path. Never throws, never repeats a value. */
export function readSpec<P>({ schema, problems }: ReadSpec<P>, kind: string, spec: unknown): SpecReading<P> {
  const whole = (message: string) => ({ problems: [{ path: '', message }] });
  if (spec === undefined || spec === null) return whole(`the input is empty: give the ${kind} spec as one JSON object`);
  if (isUndecodable(spec)) return whole(`the input cannot be decoded: ${spec[UNDECODABLE]}`);
  if (typeof spec !== 'object' || Array.isArray(spec) || ArrayBuffer.isView(spec))
    return whole(`a ${kind} spec is a JSON object`);
  const parsed = schema.safeParse(spec);
  const plain = plainPasswords(spec);
  const found = merge(plain.problems, parsed.success ? [] : problemsOf(parsed.error), problems(spec as Raw));
  return { ...(parsed.success && { plan: parsed.data }), problems: found, shown: plain.redacted };
}

/** The first message for a path wins, so a broken field is told once. */
function merge(...lists: readonly (readonly Problem[])[]): Problem[] {
  const byPath = new Map<string, Problem>();
  for (const problem of lists.flat()) if (!byPath.has(problem.path)) byPath.set(problem.path, problem);
  return [...byPath.values()];
}

const PASSWORD = /password|passwd|pwd|key_tab|key_store_key$/i;
const LEAKED = 'is a password in plain text: name a secret of the worker in its place, { secret: NAME }';

/** Whether a spec held a password that is now written down wherever the spec is. */
export const hasLeaked = (problems: readonly Problem[]): boolean => problems.some(({ message }) => message === LEAKED);

function plainPasswords(spec: object): { problems: Problem[]; redacted: Raw } {
  const problems: Problem[] = [];
  const walk = (value: unknown, path: string): unknown => {
    if (Array.isArray(value)) return value.map((entry, index) => walk(entry, `${path}[${index}]`));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => {
        const at = path ? `${path}.${key}` : key;
        const leaked = PASSWORD.test(key) && (typeof inner === 'string' || typeof inner === 'number');
        if (leaked) problems.push({ path: at, message: LEAKED });
        return [key, leaked ? '********' : walk(inner, at)];
      }),
    );
  };
  return { redacted: walk(spec, '') as Raw, problems };
}

/** Problems of a request that the spec will become, told at the spec's own paths. */
export function requestProblems(
  schema: z.ZodType,
  request: unknown,
  paths: readonly (readonly [RegExp, string])[],
): Problem[] {
  const parsed = schema.safeParse(withPlaceholders(request));
  if (parsed.success) return [];
  return problemsOf(parsed.error).map(({ path, message }) => ({
    path: paths.reduce((at, [from, to]) => at.replace(from, to), path),
    message,
  }));
}

/** Secrets are looked up by the worker; here any text stands for them. */
function withPlaceholders(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withPlaceholders);
  if (typeof value !== 'object' || value === null) return value;
  if ('secret' in value && Object.keys(value).length === 1) return '********';
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withPlaceholders(inner)]));
}

/** Puts a person's change into the plan. */
export function applyChange(plan: PlanBase, { source, target }: Change): void {
  plan.source = { ...plan.source, ...source } as SpecEndpoint;
  plan.target = { ...plan.target, ...target } as SpecEndpoint;
}
