import type { Choice, Decision } from './messages.js';
import type { Opening } from './opening.js';
import { isOpen, opensAt } from './window.js';

/** What whoever requested a run can't say under four eyes. */
const AGREES: ReadonlySet<Choice> = new Set(['approve', 'acknowledge']);
/** What needs no look at the latest evidence. */
const STOPS: ReadonlySet<Choice> = new Set(['reject', 'abort', 'withdraw']);

/** Why a decision can't count at an opening at this time (epoch ms), or undefined. */
export function refusal(opening: Opening, decision: Decision, now: number): string | undefined {
  const { id, answer, question } = opening;
  const { gate, decision: choice, by, force } = decision;
  if (gate !== id) return `${gate} is not open; open now is ${id}`;
  if (answer) return `${id} is closed: ${answer.decision} by ${answer.by.join(', ')}`;
  const { decisions, rule } = question;
  const offered = choice === 'withdraw' ? decisions.includes('approve') : decisions.includes(choice);
  if (!offered) return `${id} does not offer "${choice}", but ${decisions.join(', ')}`;
  const why =
    strangerRefusal(opening, by, now) ??
    identityRefusal(opening, decision, now) ??
    momentRefusal(opening, decision, now);
  if (why) return why;
  if (force && !rule.force) return 'force is not allowed here';
  if (choice === 'withdraw' && !opening.counts(by, now)) return `${by} has not approved`;
  return acknowledgeRefusal(opening, decision) ?? changeRefusal(opening, decision);
}

function strangerRefusal({ question, escalates }: Opening, by: string, now: number): string | undefined {
  const { group, members, escalation } = question.rule;
  if (!members || members.includes(by)) return undefined;
  if (!escalation || escalates === undefined) return `${by} is not in the group ${group}`;
  const second = escalation.members.includes(by);
  if (now >= escalates) return second ? undefined : `${by} is neither in the group ${group} nor in ${escalation.group}`;
  const later = second ? `; ${escalation.group} may decide from ${at(escalates)} on` : '';
  return `${by} is not in the group ${group}${later}`;
}

/** Why it is not proved who decides, or why it is the wrong one. */
function identityRefusal(opening: Opening, decision: Decision, now: number): string | undefined {
  const { rule, requester } = opening.question;
  const proof = opening.proofOf(decision, now);
  if (typeof proof === 'string') return proof;
  if (!rule.fourEyes || !AGREES.has(decision.decision)) return undefined;
  if (requester === undefined)
    return 'four eyes: nobody signed the request of this run, so nobody can approve: start it anew, drs-pilot start SPEC --key FILE';
  return decision.by === requester ? `four eyes: ${requester} requested this run, so others must approve` : undefined;
}

/** What the moment and the evidence have against a decision, whoever says it. */
function momentRefusal(opening: Opening, { decision, snapshot, force }: Decision, now: number): string | undefined {
  const { evidence, question } = opening;
  const { evolves, hours } = question;
  if (STOPS.has(decision)) return undefined;
  if (snapshot !== undefined && snapshot !== evidence.snapshot)
    return `the evidence has changed: snapshot ${snapshot} was seen, ${evidence.snapshot} is shown now`;
  if (decision !== 'approve') return undefined;
  if (evolves && snapshot === undefined)
    return `an approval names the evidence that was seen: "snapshot": ${evidence.snapshot}`;
  if (hours && !isOpen(hours, now))
    return `outside the window ${hours.text}, which opens at ${at(opensAt(hours, now))}`;
  return blockRefusal(opening, force ?? false);
}

function blockRefusal({ blocked }: Opening, forced: boolean): string | undefined {
  if (!blocked) return undefined;
  const { by, force } = blocked;
  if (force === 'allowed' && forced) return undefined;
  const why = force === 'allowed' ? 'an approval must say "force": true, and why' : force;
  return `blocked by ${by.join(', ')}: ${why}`;
}

function acknowledgeRefusal({ question }: Opening, { decision, items }: Decision): string | undefined {
  if (decision !== 'acknowledge') return items ? 'items belong to "acknowledge"' : undefined;
  if (!items) return 'acknowledge names the items: "items": ["…"]';
  const unknown = items.filter((item) => !question.acknowledge?.includes(item));
  if (unknown.length > 0) return `not shown here: ${unknown.join(', ')}`;
  return question.one && items.length !== 1 ? 'name exactly one of the items' : undefined;
}

function changeRefusal({ question }: Opening, { decision, change }: Decision): string | undefined {
  if (!change) return undefined;
  if (decision !== 'retry') return 'a change goes with "retry"';
  return question.changeProblem ? question.changeProblem(change) : 'nothing can be changed here';
}

const at = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
