import { FAILED } from '../drs/statuses.js';
import { INCREMENTAL } from '../drs/waits.js';
import type { Facts } from './readiness-facts.js';

export type Direction = 'up' | 'down';

/** What the tasks of a switchover are measured against; all times in ms. */
export interface ReadinessLimits {
  readonly rpo: number;
  readonly rto: number;
  /** How old the last comparison may be; where it is absent, none need be there. */
  readonly comparison?: number | undefined;
}

export interface ReadinessItem {
  readonly item: string;
  readonly class: 'ok' | 'warning' | 'blocking';
  readonly value: string;
}

/**
 * Whether a task can be switched over, item by item (§6.4.1). Pure. What is unknown is never taken for good: it blocks, but for the
 * monitoring, whose silence must not hold up a switchover in a disaster; DRS itself refuses where the DR database is out of reach.
 */
export function readinessItems(facts: Facts, wanted: Direction, limits: ReadinessLimits): ReadinessItem[] {
  const items = facts.trouble === undefined ? judged(facts, wanted, limits) : [unread(facts.trouble)];
  return items.map((one) => ({ ...one, item: `${facts.name}: ${one.item}` }));
}

/** Names of the items of a task that a person may overrule (force); DRS itself would refuse the others. */
export const FORCIBLE = ['direction', 'RPO', 'RTO', 'active database', 'comparison'] as const;

/** Those that somebody must look at come first. */
export const byClass = (items: readonly ReadinessItem[]): ReadinessItem[] => {
  const rank = { blocking: 0, warning: 1, ok: 2 };
  return [...items].sort((a, b) => rank[a.class] - rank[b.class]);
};

const item = (name: string, itemClass: ReadinessItem['class'], value: string): ReadinessItem => ({
  item: name,
  class: itemClass,
  value,
});

const unread = (trouble: string): ReadinessItem => item('task', 'blocking', `cannot be read: ${trouble}`);

function judged(facts: Facts, wanted: Direction, limits: ReadinessLimits): ReadinessItem[] {
  return [
    status(facts),
    ...(facts.dualActive ? [item('dual-active', 'blocking', 'dual-active tasks have no switchover (§6.4.1)')] : []),
    item(
      'operation',
      facts.action ? 'blocking' : 'ok',
      facts.action ? `${facts.action} is running` : 'none is running',
    ),
    direction(facts, wanted),
    lag('RPO', facts.rpo, limits.rpo, facts.unread),
    lag('RTO', facts.rto, limits.rto, facts.unread),
    ...databases(facts),
    lock(facts),
    ...comparison(facts, limits.comparison),
  ];
}

function status({ status = 'unknown' }: Facts): ReadinessItem {
  if (status === INCREMENTAL) return item('status', 'ok', status);
  // DRS switches over a disturbed one, too; what has not arrived by then is what its RPO says.
  const disturbed = status === 'INCRE_TRANSFER_FAILED';
  return item(
    'status',
    disturbed ? 'warning' : 'blocking',
    disturbed ? `${status}: disaster recovery is disturbed` : status,
  );
}

/** A task that is on the wanted side already would be taken away from it, whoever forces that: it has a name of its own. */
function direction({ direction }: Facts, wanted: Direction): ReadinessItem {
  if (direction === wanted) return item('switched', 'blocking', `its direction is ${wanted} already`);
  const expected = wanted === 'up' ? 'down' : 'up';
  if (direction === expected) return item('direction', 'ok', `${direction}, to become ${wanted}`);
  return item('direction', 'blocking', `${direction ?? 'unknown'}, not ${expected} as it must be to become ${wanted}`);
}

function lag(name: string, value: number | undefined, limit: number, unread?: string): ReadinessItem {
  const told = `(limit ${seconds(limit)})`;
  if (value === undefined) return item(name, 'blocking', `unknown ${told}${unread ? `: ${unread}` : ''}`);
  return item(name, value < limit ? 'ok' : 'blocking', `${seconds(value)} ${told}`);
}

/**
 * The active database and the DR database. A task is made with its standby as the target, and endpoints keep their places after
 * the start (§6.1.4): so the DR database is the target while the direction is the original one, and the source after a switchover.
 */
function databases({ direction, original, sourceNormal, targetNormal }: Facts): ReadinessItem[] {
  const switched = original !== undefined && direction !== undefined && direction !== original;
  const [active, standby] = switched
    ? [target(targetNormal), source(sourceNormal)]
    : [source(sourceNormal), target(targetNormal)];
  return [normal('active database', active), normal('DR database', standby)];
}

const source = (well: boolean | undefined) => ({ which: 'source', well });
const target = (well: boolean | undefined) => ({ which: 'target', well });

function normal(name: string, { which, well }: ReturnType<typeof source>): ReadinessItem {
  if (well === undefined) return item(name, 'warning', `${which}: DRS tells nothing of it`);
  return item(name, well ? 'ok' : 'blocking', `${which}: ${well ? 'normal' : 'not normal, as DRS finds it'}`);
}

const lock = ({ lock }: Facts): ReadinessItem =>
  lock === undefined
    ? item('lock', 'ok', 'free')
    : item('lock', 'warning', `${lock}; whether it is taken over is asked after the approval`);

function comparison({ comparison, at }: Facts, limit: number | undefined): ReadinessItem[] {
  if (!comparison) return limit === undefined ? [] : [item('comparison', 'warning', 'there is none')];
  if ('trouble' in comparison) return [item('comparison', 'warning', `cannot be read: ${comparison.trouble}`)];
  const { type, verdict, endedAt } = comparison;
  const age = endedAt === undefined ? undefined : Math.max(0, Date.parse(at) - Date.parse(endedAt));
  const ended = age === undefined ? 'of unknown age' : `${long(age)} old`;
  const old = limit !== undefined && (age === undefined || age > limit);
  const told = `${VERDICTS[verdict]} (${type}), ${ended}${old ? `, limit ${long(limit)}` : ''}`;
  if (verdict === 'inconsistent') return [item('comparison', 'blocking', told)];
  return [item('comparison', old || verdict !== 'consistent' ? 'warning' : 'ok', told)];
}

const VERDICTS = {
  consistent: 'consistent',
  inconsistent: 'inconsistent',
  notComparable: 'partly not comparable',
  notFinished: 'not finished',
} as const;

/** Whether a task that was switched over is where it must be; why not, otherwise. */
export function notVerified(facts: Facts, wanted: Direction, limits: Pick<ReadinessLimits, 'rpo'>): string[] {
  const { trouble, direction, readonly = false, status, action, rpo } = facts;
  if (trouble !== undefined) return [`cannot be read: ${trouble}`];
  return [
    ...(direction === wanted ? [] : [`its direction is ${direction ?? 'unknown'}, not ${wanted}`]),
    // §6.1.1: true where this cloud is the standby.
    ...(readonly === (wanted === 'up') ? [] : [`is_target_readonly is ${readonly}, not ${wanted === 'up'}`]),
    ...(status === INCREMENTAL ? [] : [`it is ${status ?? 'of unknown status'}, not ${INCREMENTAL}`]),
    ...(action ? [`${action} is running`] : []),
    ...(rpo !== undefined && rpo < limits.rpo ? [] : [`its RPO is ${rpo === undefined ? 'unknown' : seconds(rpo)}`]),
  ];
}

export const hasFailed = ({ status }: Facts): boolean => status !== undefined && FAILED.includes(status);

export const seconds = (ms: number): string => `${ms / 1_000} s`;

/** `40 s`, `12 min`, `3 h`, `2 d`. */
function long(ms: number): string {
  if (ms < 60_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  return ms < 172_800_000 ? `${Math.round(ms / 3_600_000)} h` : `${Math.round(ms / 86_400_000)} d`;
}
