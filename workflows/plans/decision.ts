import { z } from 'zod';
import { oneOf, problemsOf } from '../../drs/operations/common.js';
import { type Comment, DECISIONS, type Decision, type MessageName } from '../messages.js';

const text = (most: number) => z.string().trim().min(1).max(most);

/** A secret is named, never given. */
const SecretName = z.strictObject({ secret: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/) });
const ChangedEndpoint = z
  .record(z.string().regex(/^[a-z_A-Z]{1,40}$/), z.union([z.string().max(1024), z.number(), z.boolean(), SecretName]))
  .refine(
    (fields) => Object.entries(fields).every(([name, value]) => !/password/i.test(name) || typeof value === 'object'),
    {
      message: 'a password is never sent: name a secret of the worker, { "secret": "NAME" }',
    },
  );

const common = {
  gate: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,60}#\d{1,6}$/, 'is the id of the opening that you answer, for instance cutover#1'),
  by: text(200),
  reason: text(2000),
  items: z.array(text(300)).min(1).max(200).optional(),
  change: z.strictObject({ source: ChangedEndpoint.optional(), target: ChangedEndpoint.optional() }).optional(),
  force: z.boolean().optional(),
  snapshot: z.int().positive().optional(),
  time: z.iso.datetime().optional(),
  signature: z.string().max(8192).optional(),
};

const Decide = z.strictObject({ ...common, decision: oneOf(DECISIONS) });
const forms = {
  approve: z.strictObject({ ...common, decision: z.literal('approve').default('approve') }),
  reject: z.strictObject({ ...common, decision: z.literal('reject').default('reject') }),
  decide: Decide,
};
const CommentForm = z.strictObject({ by: common.by, reason: common.reason });

/** Reads what a person sent, or says in one line what is wrong with it. Never throws. */
export function readMessage(name: Exclude<MessageName, 'comment'>, payload: unknown): Decision | string {
  return readForm(forms[name], payload) as Decision | string;
}

export function readComment(payload: unknown): Comment | string {
  return readForm(CommentForm, payload);
}

export function readForm<T extends z.ZodType>(form: T, payload: unknown): z.output<T> | string {
  if (payload === undefined) return 'it is empty';
  if (isUndecodable(payload)) return `it cannot be decoded: ${payload[UNDECODABLE]}`;
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload) || ArrayBuffer.isView(payload))
    return 'it is not a JSON object';
  const parsed = form.safeParse(payload);
  if (parsed.success) return parsed.data;
  return problemsOf(parsed.error)
    .map(({ path, message }) => (path ? `${path}: ${message}` : message))
    .join('; ')
    .slice(0, 600);
}

/** Field of the marker that stands in place of a payload that can't be decoded; its value says why. */
export const UNDECODABLE = '~undecodable';
export const isUndecodable = (value: unknown): value is { [UNDECODABLE]: string } =>
  typeof value === 'object' && value !== null && UNDECODABLE in value;

/** Beside UNDECODABLE where only a key was lacking or wrong: a worker with other keys may read it. */
export const UNDECRYPTED = '~undecrypted';
export const isUndecrypted = (value: unknown): value is { [UNDECODABLE]: string } =>
  isUndecodable(value) && UNDECRYPTED in value;
