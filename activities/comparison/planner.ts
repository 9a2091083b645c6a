import { type Consistency, worst } from '../../drs/consistency.js';
import { FIRST_RATE, type KnownTable, keyOf, type Place, type TaskValues } from './known-values.js';
import { BEGINNING, LEAST, Packing, type Piece, turnsOf } from './packing.js';

/** What a night may cost. */
export interface Allowance {
  /** Now, and when tonight's values must be over; epoch ms. */
  readonly now: number;
  readonly until: number;
  /** What a night to come has for values, ms. */
  readonly length: number;
  /** Every table is to be verified within so many nights. */
  readonly nights: number;
  /** Tasks that are compared at the same time; in each DRS compares one after another. */
  readonly atOnce: number;
}

export interface PlanInput extends Allowance {
  /** When the nights before began, ISO 8601. */
  readonly before: readonly string[];
  readonly tasks: readonly {
    readonly jobId: string;
    readonly name: string;
    readonly values: TaskValues;
    /** Whether it can be compared tonight. */
    readonly able: boolean;
  }[];
}

export interface PostponedTable extends Place {
  /** The last one, and the night that gave it; absent where its values were never compared. */
  readonly verdict?: Consistency;
  readonly at?: string;
  /** Its turn comes so many nights after this one; absent where that is not in sight. */
  readonly inNights?: number;
  /** Its values are older than the promise allows. */
  readonly overdue?: true;
}

export interface TaskPlan {
  readonly jobId: string;
  readonly chosen: readonly KnownTable[];
  readonly postponed: readonly PostponedTable[];
  /** Seconds from now after which its turn comes, in the order of which tasks begin. */
  readonly begins: number;
  readonly seconds: number;
}

export interface NightPlan {
  readonly tasks: readonly TaskPlan[];
  /** Nights that all tables take. */
  readonly rotation: number;
  /** What keeps the promise from being kept, and what to change. */
  readonly warnings: readonly string[];
}

const ROWS_WHERE_UNKNOWN = 100_000;
const FARTHEST = 400;

interface Candidate extends Piece {
  readonly jobId: string;
  readonly table: KnownTable;
  /** Nights since its last verdict, tonight included; of a new table since it is there. */
  readonly age: number;
  /** The same since it last had a turn. */
  readonly waited: number;
}

/**
 * Whose values are compared tonight: those whose verdict is oldest, as many as fit into the window. What was cut off the night
 * before comes first; what differs is looked at again as far as that takes nothing from the promise. A table that is larger than a
 * whole night has its turn, too, alone.
 */
export function planNight(input: PlanInput): NightPlan {
  const { now, until, length, nights, atOnce, before } = input;
  const [tonight, whole] = [seconds(until - now), seconds(length)];
  const candidates = input.tasks.flatMap(({ jobId, values }, job) => candidatesOf(jobId, job, values, before));
  const able = new Set(input.tasks.filter((task) => task.able).map(({ jobId }) => jobId));
  const queue = inOrder(candidates, whole, Math.max(0, tonight * atOnce - total(candidates) / nights), nights);
  const mine = queue.filter(({ jobId }) => able.has(jobId));
  const nightsToCome = { whole, atOnce, jobs: input.tasks.length, farthest: FARTHEST };
  const packed = pack(mine, new Packing(tonight, whole, atOnce, input.tasks.length));
  const chosen = new Set(packed.taken);
  const rest = queue.filter((one) => !chosen.has(one));
  const turns = turnsOf(rest, nightsToCome);
  const rotation = rotationOf(queue, turnsOf(queue, nightsToCome));
  const postponed = grouped(rest, ({ jobId }) => jobId);
  const taken = grouped(packed.taken, ({ jobId }) => jobId);
  return {
    tasks: input.tasks.map(({ jobId }) => ({
      jobId,
      chosen: (taken.get(jobId) ?? []).map(({ table }) => table),
      postponed: (postponed.get(jobId) ?? []).map((one) => told(one, turns.get(one), nights)),
      ...(packed.times.get(jobId) ?? { begins: 0, seconds: 0 }),
    })),
    rotation,
    warnings: warningsOf(input, candidates, rotation),
  };
}

const seconds = (ms: number): number => Math.max(0, ms / 1_000);
const total = (candidates: readonly Candidate[]): number => candidates.reduce((sum, one) => sum + one.seconds, 0);

function candidatesOf(
  jobId: string,
  job: number,
  { tables, rate = FIRST_RATE }: TaskValues,
  before: readonly string[],
) {
  const counted = tables.flatMap(({ rows }) => (rows === undefined ? [] : [rows]));
  const usual = counted.length > 0 ? counted.reduce((sum, rows) => sum + rows, 0) / counted.length : ROWS_WHERE_UNKNOWN;
  return tables.map(
    (table): Candidate => ({
      jobId,
      job,
      table,
      seconds: Math.max(LEAST, (table.rows ?? usual) / rate),
      age: nightsSince(table.judged?.at, table, before),
      waited: nightsSince(lastTurn(table), table, before),
    }),
  );
}

const nightsSince = (at: string | undefined, { since }: KnownTable, before: readonly string[]): number =>
  1 + before.filter((night) => (at === undefined ? night >= since : night > at)).length;

/** After two turns that came to no end a table waits like all others. */
const lastTurn = ({ judged, missed }: KnownTable): string | undefined =>
  missed && missed.times > 1 ? missed.at : judged?.at;

function inOrder(candidates: readonly Candidate[], whole: number, spare: number, nights: number): Candidate[] {
  const sorted = candidates
    .map((one) => ({ one, turn: lastTurn(one.table) ?? one.table.since, key: keyOf(one.table) }))
    .sort(
      (a, b) =>
        compared(a.turn, b.turn) ||
        Number(a.one.table.judged !== undefined) - Number(b.one.table.judged !== undefined) ||
        b.one.seconds - a.one.seconds ||
        compared(a.one.jobId + a.key, b.one.jobId + b.key),
    )
    .map(({ one }) => one);
  let left = spare;
  const again = (one: Candidate): boolean => {
    if (one.table.judged?.verdict !== 'inconsistent' || one.seconds > left) return false;
    left -= one.seconds;
    return true;
  };
  const rankOf = (one: Candidate): number => {
    if (one.table.missed?.times === 1 && one.seconds + BEGINNING <= whole) return 0;
    if (one.waited >= nights) return 1;
    return again(one) ? 2 : 3;
  };
  const ranked = grouped(sorted, rankOf);
  return [0, 1, 2, 3].flatMap((rank) => ranked.get(rank) ?? []);
}

function grouped<K>(all: readonly Candidate[], keyOf: (one: Candidate) => K): Map<K, Candidate[]> {
  const groups = new Map<K, Candidate[]>();
  for (const one of all) {
    const key = keyOf(one);
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return groups;
}

const compared = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

interface Packed {
  readonly taken: Candidate[];
  readonly times: ReadonlyMap<string, { readonly begins: number; readonly seconds: number }>;
}

/** Tonight: what fits, in the order of the queue, and when each task begins. */
function pack(queue: readonly Candidate[], night: Packing): Packed {
  const taken: Candidate[] = [];
  const lines = new Map<number, Map<string, number>>();
  for (const one of queue) {
    const cost = night.take(one);
    if (cost === undefined) continue;
    taken.push(one);
    const line = night.lineOf(one.job);
    const tasks = lines.get(line) ?? new Map<string, number>();
    lines.set(line, tasks.set(one.jobId, (tasks.get(one.jobId) ?? 0) + cost));
  }
  const times = new Map<string, { begins: number; seconds: number }>();
  for (const tasks of lines.values()) {
    let begins = 0;
    for (const [jobId, seconds] of tasks) {
      times.set(jobId, { begins, seconds });
      begins += seconds;
    }
  }
  return { taken, times };
}

/** Nights that all of them take. */
function rotationOf(queue: readonly Candidate[], turns: ReadonlyMap<Candidate, number>): number {
  return turns.size < queue.length ? FARTHEST : Math.max(0, ...new Set(turns.values()));
}

function told({ table, age }: Candidate, inNights: number | undefined, nights: number): PostponedTable {
  const { database, judged, missed } = table;
  const verdicts: Consistency[] = [...(judged ? [judged.verdict] : []), ...(missed ? (['notFinished'] as const) : [])];
  const at = judged?.at ?? missed?.at;
  return {
    database,
    table: table.table,
    ...(verdicts.length > 0 && { verdict: worst(verdicts) }),
    ...(at && { at }),
    ...(inNights !== undefined && { inNights }),
    ...(age >= nights && { overdue: true }),
  };
}

const NAMED = 3;

function warningsOf(input: PlanInput, candidates: readonly Candidate[], rotation: number): string[] {
  const { length, nights, atOnce, tasks } = input;
  const whole = seconds(length);
  const names = new Map(tasks.map(({ jobId, name }) => [jobId, name]));
  const large = candidates.filter((one) => one.seconds + BEGINNING > whole);
  const warnings = large
    .slice(0, NAMED)
    .map(
      ({ jobId, table, seconds }) =>
        `${table.database}.${table.table} of ${names.get(jobId)} needs about ${hours(seconds + BEGINNING)}, and a night has ${hours(whole)}: it is compared alone and will hardly come to its end. Make budget.window longer, or leave the table out`,
    );
  if (large.length > NAMED) warnings.push(`${large.length - NAMED} tables more are larger than a night`);
  if (rotation <= nights) return warnings;
  const work = new Map<string, number>();
  for (const { jobId, seconds } of candidates) work.set(jobId, (work.get(jobId) ?? 0) + seconds);
  const slowest = [...work].sort((a, b) => b[1] - a[1])[0];
  const alone = slowest && slowest[1] > whole * nights ? slowest : undefined;
  const long = rotation >= FARTHEST ? 'far more nights' : `about ${rotation} nights`;
  const least = Math.max((alone?.[1] ?? 0) / nights, total(candidates) / nights / atOnce) + BEGINNING;
  const more = alone
    ? `${names.get(alone[0])} alone needs ${hours(alone[1])}, and DRS compares one after another in a task`
    : `or compare more tasks at the same time than ${atOnce} (atOnce)`;
  warnings.push(
    `all tables take ${long}, and ${nights} are promised: say budget.nights: ${rotation}, make budget.window longer than ${hours(least)}; ${more}`,
  );
  return warnings;
}

function hours(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}
