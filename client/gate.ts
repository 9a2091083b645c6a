import type { Change, Choice, GateView, MessageName, Place, Receipt } from '../workflows/messages.js';
import { SpecEndpoint } from '../workflows/plans/common.js';
import { badInput, failed } from './command.js';
import type { Temporal } from './connect.js';
import { howToDecide } from './render.js';
import { readRun, unanswered } from './run-view.js';

/** A decision as it is sent: `approve` and `reject` carry theirs in their name. */
export interface Sent {
  readonly gate: string;
  readonly by: string;
  readonly reason: string;
  readonly decision?: Choice;
  readonly snapshot?: number;
  readonly items?: readonly string[];
  readonly change?: Change;
  readonly force?: boolean;
  readonly time?: string;
  readonly signature?: string;
}

/** How long a worker may take to answer an update. */
const ANSWER_WITHIN_MS = 20_000;

/** The opening that waits now. Throws CommandError where there is none, or another than the one that was named. */
export async function openGate(
  temporal: Temporal,
  workflowId: string,
  named?: string,
): Promise<{ readonly gate: GateView; readonly place: Place }> {
  const view = await readRun(temporal, workflowId);
  const { gate, place, execution, closed, phase, answered, outcome } = view;
  if (closed)
    throw failed(`${workflowId} has ended (${outcome ?? execution.toLowerCase()}): nothing is to be decided any more.`);
  if (!answered) throw failed(unanswered(view));
  if (!gate || !place)
    throw failed(`${workflowId} asks nothing now; it ${phase === 'starts' ? phase : `is in its phase "${phase}"`}.`);
  if (named && named !== gate.id && !gate.id.startsWith(`${named}#`)) {
    throw failed(`${workflowId} waits at ${gate.id}, not at ${named}. Nothing was sent.`);
  }
  return { gate, place };
}

/** Refuses here what the gate doesn't offer, with what to type instead. */
export function demandOffered(workflowId: string, gate: GateView, decision: Choice): void {
  const offered = decision === 'withdraw' ? gate.decisions.includes('approve') : gate.decisions.includes(decision);
  if (offered) return;
  throw failed(`${gate.id} does not offer "${decision}". It takes:\n${howToDecide(workflowId, gate).join('\n')}`);
}

/** Sends a decision as an update: the run validates it and answers. */
export async function send(
  { client }: Temporal,
  workflowId: string,
  message: MessageName,
  payload: object,
): Promise<Receipt> {
  const handle = client.workflow.getHandle(workflowId);
  return await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
    handle.executeUpdate<Receipt, [object]>(message, { args: [payload] }),
  );
}

/** `source.ip=203.0.113.11`, `target.password=secret:orders-target`. Throws CommandError (exit 2) with all problems. */
export function readChanges(given: readonly string[]): Change | undefined {
  if (given.length === 0) return undefined;
  const change: Record<string, Record<string, unknown>> = {};
  const problems = given.flatMap((text) => {
    const [, end, field, value] = /^(source|target)\.(\w+)=(.*)$/s.exec(text) ?? [];
    // Never repeat what was typed: it may hold a password.
    if (!end || !field || value === undefined) return ['--change is written source.FIELD=VALUE or target.FIELD=VALUE'];
    const schema = SpecEndpoint.shape[field as keyof typeof SpecEndpoint.shape];
    if (!schema) return [`${end}.${field} is no field of an endpoint`];
    const secret = /^secret:(.*)$/s.exec(value)?.[1];
    const readings = secret === undefined ? [value, Number(value), value === 'true'] : [{ secret }];
    const parsed = readings.map((reading) => schema.safeParse(reading));
    const fits = parsed.find(({ success }) => success);
    if (!fits)
      return [
        `${end}.${field} ${parsed[0]?.error?.issues[0]?.message ?? 'does not fit'}${/pass/.test(field) ? ': secret:NAME' : ''}`,
      ];
    change[end] = { ...change[end], [field]: fits.data };
    return [];
  });
  if (problems.length > 0) throw badInput(problems.join('\n'));
  return change;
}
