import { CALL_MS, calls, callsWithin, local } from './activities.js';
import { mayApprove } from './approvals.js';
import { item } from './evidence.js';
import type { Answer } from './gate.js';
import type { Item } from './messages.js';

/** Why an approval does not hold at this moment as a sentence without its beginning; undefined: it does. */
export const expired = ({ until }: Answer): string | undefined =>
  until !== undefined && Date.now() >= until ? 'it expired, or its window closed, before the call was sent' : undefined;

/** The same, with another look at who may approve: for the moment before what was approved is done. */
export async function lapse(answer: Answer): Promise<string | undefined> {
  const { group } = answer;
  const why = expired(answer);
  if (why || !group) return why;
  const rule = await local.gateRule(group.reads);
  const gone = group.signers.filter((one) => !mayApprove(rule, one, group.requester)).map(({ by }) => by);
  const left = group.signers.length - gone.length;
  if (left >= rule.approvals) return undefined;
  const who = gone.length > 0 ? `${gone.join(', ')} may not approve any more; ` : '';
  return `${who}${left} of ${rule.approvals} approvals are left`;
}

/** What the gate shows when it opens again. */
export const reopened = (why: string | undefined): Item[] =>
  why === undefined ? [] : [item('opened again: approval', 'warning', why)];

/** ms that are left for a call, at most so many. */
export const leftFor = (answer: Answer | undefined, most: number): number =>
  answer?.until === undefined ? most : Math.max(1, Math.min(most, answer.until - Date.now()));

/** Calls under an approval: tried for as long as it holds, and no longer than any call. */
export const callsFor = (answer: Answer | undefined): typeof calls =>
  answer?.until === undefined ? calls : callsWithin(leftFor(answer, CALL_MS));
