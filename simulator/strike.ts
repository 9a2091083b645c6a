import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal } from './codes.js';
import { type Answer, Broken, type Exchange, refused } from './exchange.js';
import type { FaultKind, Named } from './faults.js';
import { withBoth } from './routes/route.js';

/** Faults that strike before the effect. A fault that names a task waits until the body is read. */
export async function before(it: Exchange, jobs: readonly Named[]): Promise<Answer | undefined> {
  const { call, faults } = it;
  const delay = faults.takeForRequest(call.operation, jobs, ['delay']);
  if (delay?.kind === 'delay') {
    call.fault = delay.kind;
    await sleep(delay.ms);
  }
  const fault = faults.takeForRequest(call.operation, jobs, ['drop', 'throttle', 'error']);
  if (!fault) return undefined;
  call.fault = fault.kind;
  return struck(fault);
}

function struck(fault: FaultKind): Answer {
  if (fault.kind === 'throttle')
    return { ...refused(new Refusal('APIGW.0308', 'planned')), headers: { 'retry-after': String(fault.retryAfter) } };
  if (fault.kind === 'error') {
    const { status, code, message } = fault;
    return refused(new Refusal(code, 'planned', { status, text: message, about: 'planned' }));
  }
  throw new Broken();
}

/** Faults that strike after the effect. */
export function after(it: Exchange, jobs: readonly Named[], answer: Answer): Answer {
  const fault = it.faults.takeForRequest(
    it.call.operation,
    jobs.map((job) => withBoth(it, job)),
    ['lostReply', 'garbage', 'cutOff'],
  );
  if (!fault) return answer;
  it.call.fault = fault.kind;
  if (fault.kind === 'lostReply') throw new Broken();
  const text = answer.raw ?? JSON.stringify(answer.body ?? {});
  if (fault.kind === 'cutOff') return { ...answer, raw: text, cutOff: true };
  return {
    ...answer,
    raw: text.slice(0, Math.max(1, Math.floor(text.length / 2))),
    headers: { 'content-type': 'application/json' },
  };
}
