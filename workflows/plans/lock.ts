import { z } from 'zod';
import type { LockRequest, TakeOver } from '../../activities/lock-view.js';
import { isUndecodable, UNDECODABLE } from './decision.js';

const text = (most: number) => z.string().trim().min(1).max(most);

const owner = z.strictObject({ workflowId: text(1_000), runId: text(100), kind: text(100), name: text(100) });
const request = { owner, mode: z.enum(['exclusive', 'shared']), reason: text(2_000) };

const forms = {
  request: z.strictObject(request),
  takeOver: z.strictObject({ ...request, by: text(1_000), why: text(2_000) }),
  release: z.strictObject({ runId: text(100) }),
};

interface Forms {
  readonly request: LockRequest;
  readonly takeOver: TakeOver;
  readonly release: { readonly runId: string };
}

/** What was sent to a lock, or in one line what is wrong with it. Never throws. */
export function readLockMessage<N extends keyof Forms>(name: N, payload: unknown): Forms[N] | string {
  if (isUndecodable(payload)) return `it cannot be decoded: ${payload[UNDECODABLE]}`;
  const parsed = forms[name].safeParse(payload);
  if (parsed.success) return parsed.data as Forms[N];
  return parsed.error.issues
    .map(({ path, message }) => `${path.join('.')}: ${message}`)
    .join('; ')
    .slice(0, 600);
}
