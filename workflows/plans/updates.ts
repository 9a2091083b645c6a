import { z } from 'zod';
import { withRules } from '../../drs/operations/common.js';
import { overlapRules, SpeedWindow } from '../../drs/operations/control.js';
import type { UpdateName } from '../messages.js';
import { SecretRef } from './common.js';
import { readForm } from './decision.js';
import { Objects, Policies } from './synchronization.js';

const text = (most: number) => z.string().trim().min(1).max(most);

const common = {
  by: text(200),
  reason: text(2_000),
  /** Of a dual-active task: which of its subtasks; both when left out. */
  task: z.enum(['forward', 'backward']).optional(),
  /** Takes the lock of the task over from whoever holds it. */
  takeOver: z.boolean().optional(),
  time: z.iso.datetime().optional(),
  signature: z.string().max(8192).optional(),
};
const { task: _, ...whole } = common;

const Speed = withRules(
  z
    .array(
      z.strictObject({ begin: SpeedWindow.shape.begin, end: SpeedWindow.shape.end, speed: z.int().min(1).max(9999) }),
    )
    .max(10),
  (windows, tell) => {
    if (Array.isArray(windows)) overlapRules(windows, tell);
  },
);

const oneOf = <S extends z.ZodType<Readonly<Record<string, unknown>>>>(form: S, ...fields: readonly string[]) =>
  form.refine((said) => fields.some((field) => said[field] !== undefined), `needs ${fields.join(' or ')}`);

const forms = {
  pause: z.strictObject({ ...common, mode: z.enum(['target', 'all']).default('target') }),
  resume: z.strictObject(common),
  limitSpeed: z.strictObject({ ...common, speed: Speed }),
  rotatePassword: oneOf(
    z.strictObject({ ...common, source: SecretRef.optional(), target: SecretRef.optional() }),
    'source',
    'target',
  ),
  edit: oneOf(
    z.strictObject({ ...whole, objects: Objects.optional(), policies: Policies.optional() }),
    'objects',
    'policies',
  ),
  end: z.strictObject(whole),
} as const satisfies Record<UpdateName, z.ZodType>;

export type UpdateForm<N extends UpdateName> = z.output<(typeof forms)[N]>;

/** Reads what a person sent, or says in one line what is wrong with it. Never throws. */
export const readUpdate = <N extends UpdateName>(name: N, payload: unknown): UpdateForm<N> | string =>
  readForm(forms[name], payload) as UpdateForm<N> | string;
