import { heartbeat } from '@temporalio/activity';
import { type Consistency, worst } from '../../drs/consistency.js';
import type { UseType } from '../../drs/operations/common.js';
import type { Services } from '../services.js';
import type { Store, StoredFile } from '../stores.js';
import { type Archive, folderOf, keep, readBytes, readJson, sha256, TASK_FILE, taskFolder } from './archive.js';
import { inParallel } from './in-parallel.js';
import { type KnownTable, withListing } from './known-values.js';
import { type Allowance, type PostponedTable, planNight, type TaskPlan } from './planner.js';
import { counted, type KindVerdict, type PostponedShown, type TableVerdict } from './read.js';
import { type KeptTask, nightsOf, tasksOf } from './report.js';
import { knownValues, listingOf, remembered, VALUES_FILE } from './value-state.js';

export interface PlanValuesInput extends Omit<Allowance, 'now'> {
  readonly archive: Archive;
  /** ISO 8601. */
  readonly began: string;
}

/** What the plan of a night comes to; the plan itself lies in the store. */
export interface ValuesPlanned {
  /** Of which the plan says something. */
  readonly tasks: number;
  /** Tables of all tasks; those whose turn it is; the others. */
  readonly tables: number;
  readonly chosen: number;
  readonly postponed: number;
  /** Of the others: whose values are older than promised. */
  readonly overdue: number;
  /** Of the others: whose last verdict is one, and as new as promised. */
  readonly verified: number;
  /** Nights that all tables take. */
  readonly rotation: number;
  readonly warnings: readonly string[];
  readonly file: StoredFile;
}

/** A task of which the plan says something. */
export interface PlannedTask {
  readonly jobId: string;
  readonly name: string;
  readonly status?: string;
  readonly useType?: UseType;
  /** What the night has said of it so far, and what it says with the tables that are postponed. */
  readonly before: Consistency;
  readonly verdict: Consistency;
  /** Tables whose turn it is. */
  readonly chosen: number;
  /** Where it is nobody's turn: what is said of the postponed ones. */
  readonly contents?: KindVerdict;
}

interface PlanFile {
  readonly tasks: readonly PlannedTask[];
}

interface ValuesFile {
  readonly chosen: readonly KnownTable[];
  readonly postponed: readonly PostponedTable[];
  /** What is said of the postponed ones. */
  readonly contents: KindVerdict;
}

const PLAN_FILE = 'plan.json';
const JSON_TYPE = 'application/json';
const MOST_SHOWN = 10;
/** Of a name a payload holds so much. */
const LONGEST = 100;

/**
 * Plans whose values are compared tonight, out of what the nights before have kept and the rows that were just counted. Says in
 * the file of each task which tables have their turn, and which are postponed until when.
 */
export const planValues =
  (services: Services) =>
  async ({ archive, began, ...allowance }: PlanValuesInput): Promise<ValuesPlanned> => {
    const store = services.store(archive.store);
    const earlier = (await nightsOf(store, archive)).filter((one) => one.night !== archive.night);
    const nights = earlier.slice(-remembered(allowance.nights));
    const kept = (await tasksOf(store, archive)).map(({ task }) => withoutContents(task));
    const tasks = await inParallel(kept, async (task) => ({
      jobId: task.jobId,
      name: task.name,
      able: task.kinds.length > 0,
      values: withListing(await knownValues(store, archive, task.jobId, nights), await listingOf(store, task), began),
    }));
    const before = nights.map((one) => one.began);
    const plan = planNight({ ...allowance, now: Date.now(), before, tasks });
    const plans = new Map(plan.tasks.map((one) => [one.jobId, one]));
    const planned = await inParallel(kept, (task) => keepPlan(store, archive, task, plans.get(task.jobId)));
    const told = planned
      .filter((one) => one.chosen > 0 || one.verdict !== one.before)
      .sort((a, b) => (plans.get(a.jobId)?.begins ?? 0) - (plans.get(b.jobId)?.begins ?? 0));
    const content: PlanFile = { tasks: told };
    const file = await keep(store, `${folderOf(archive)}/${PLAN_FILE}`, JSON.stringify(content), JSON_TYPE);
    const postponed = plan.tasks.flatMap((one) => one.postponed);
    const chosen = plan.tasks.reduce((sum, one) => sum + one.chosen.length, 0);
    const overdue = postponed.filter((one) => one.overdue).length;
    return {
      tasks: told.length,
      tables: chosen + postponed.length,
      chosen,
      postponed: postponed.length,
      overdue,
      verified: postponed.filter((one) => !one.overdue && one.verdict && one.verdict !== 'notFinished').length,
      rotation: plan.rotation,
      warnings: plan.warnings.map((warning) => cut(warning, 500)),
      file,
    };
  };

const withoutContents = (task: KeptTask): KeptTask => {
  const kinds = task.kinds.filter(({ kind }) => kind !== 'contents');
  return { ...task, kinds, verdict: together(kinds, task.verdict) };
};

async function keepPlan(
  store: Store,
  archive: Archive,
  task: KeptTask,
  { chosen, postponed }: Pick<TaskPlan, 'chosen' | 'postponed'> = { chosen: [], postponed: [] },
): Promise<PlannedTask> {
  const { jobId, name, status, useType, verdict: before } = task;
  const shown = { jobId, name, ...(status && { status }), ...(useType && { useType }), before, chosen: chosen.length };
  if (chosen.length + postponed.length === 0) return { ...shown, verdict: before };
  const said = saidOf(postponed);
  const kept: ValuesFile = { chosen, postponed, contents: said };
  const folder = taskFolder(archive, jobId);
  const file = await keep(store, `${folder}/${VALUES_FILE}`, JSON.stringify(kept), JSON_TYPE);
  const contents = { ...(chosen.length > 0 ? beside(said, silent(chosen.length)) : said), files: [file] };
  const verdict = together([...task.kinds, contents], before);
  const now: KeptTask = { ...task, verdict, kinds: [...task.kinds, contents] };
  await keep(store, `${folder}/${TASK_FILE}`, JSON.stringify(now), JSON_TYPE);
  heartbeat({ planned: jobId });
  return { ...shown, verdict, ...(chosen.length === 0 && { contents }) };
}

/** Until something is told of them: a task whose turn it was is never green because nothing came of it. */
const silent = (tables: number): KindVerdict => ({
  kind: 'contents',
  verdict: 'notFinished',
  reason: 'its turn had come, and nothing is told of it',
  counts: { ...counted([]), notFinished: tables },
  differing: 0,
  tables: [],
});

const together = (kinds: readonly KindVerdict[], otherwise: Consistency): Consistency =>
  kinds.every(({ waits }) => waits)
    ? otherwise
    : worst(kinds.flatMap(({ waits, verdict }) => (waits ? [] : [verdict])));

/** Tonight's values, and the tables that are postponed. */
const beside = ({ verdict, waits, tables, more = 0, postponed }: KindVerdict, tonight: KindVerdict): KindVerdict => ({
  ...tonight,
  verdict: waits ? tonight.verdict : worst([tonight.verdict, verdict]),
  tables: [...tonight.tables, ...tables],
  ...(more + (tonight.more ?? 0) > 0 && { more: more + (tonight.more ?? 0) }),
  ...(postponed && { postponed }),
});

/** What is said of the tables that are postponed: their last verdict holds until their turn comes, as long as that was promised. */
function saidOf(postponed: readonly PostponedTable[]): KindVerdict {
  const verdicts = postponed.flatMap(heldAgainst);
  const bad = postponed.filter((one) => heldAgainst(one).some((verdict) => verdict !== 'consistent'));
  const tables = bad.slice(0, MOST_SHOWN).map(
    (one): TableVerdict => ({
      database: cut(one.database, LONGEST),
      table: cut(one.table, LONGEST),
      verdict: worst(heldAgainst(one)),
      reason: whyPostponed(one),
    }),
  );
  return {
    kind: 'contents',
    verdict: worst(verdicts),
    ...(verdicts.length === 0 && { waits: true }),
    counts: counted([]),
    differing: 0,
    tables,
    ...(bad.length > tables.length && { more: bad.length - tables.length }),
    ...(postponed.length > 0 && { postponed: shownOf(postponed) }),
  };
}

function shownOf(postponed: readonly PostponedTable[]): PostponedShown {
  const turns = postponed.flatMap(({ inNights }) => inNights ?? []);
  return {
    tables: postponed.length,
    overdue: postponed.filter(({ overdue }) => overdue).length,
    ...(turns.length === postponed.length && { within: turns.reduce((most, turn) => Math.max(most, turn), 0) }),
    next: postponed
      .slice(0, MOST_SHOWN)
      .map((one) => ({ ...one, database: cut(one.database, LONGEST), table: cut(one.table, LONGEST) })),
  };
}

const heldAgainst = ({ verdict, overdue }: PostponedTable): Consistency[] => [
  ...(verdict ? [verdict] : []),
  ...(overdue ? (['notFinished'] as const) : []),
];

function whyPostponed({ verdict, at, inNights, overdue }: PostponedTable): string {
  const last = verdict && at ? `${LAST[verdict]} on ${at.slice(0, 10)}` : 'its values were never compared';
  const turn = inNights === undefined ? 'its turn is not in sight' : `its turn comes ${inNightsText(inNights)}`;
  return [`postponed: ${last}`, ...(overdue ? ['which is longer ago than promised'] : []), turn].join(', ');
}

export const inNightsText = (nights: number): string => (nights === 1 ? 'the next night' : `in ${nights} nights`);

const LAST: Readonly<Record<Consistency, string>> = {
  consistent: 'its values were the same',
  inconsistent: 'its values differed',
  notComparable: 'its values could not be compared',
  notFinished: 'its values were not compared to the end',
};

const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most)}…` : text);

/** Tasks of the plan, in the order in which they begin, from `after` on. */
export const plannedTasks =
  (services: Services) =>
  async ({ archive, after, most }: { readonly archive: Archive; readonly after: number; readonly most: number }) => {
    const { tasks } = await readJson<PlanFile>(services.store(archive.store), `${folderOf(archive)}/${PLAN_FILE}`);
    return { tasks: tasks.slice(after, after + most) };
  };

/** The tables of a task whose turn it is, `most` at a time: part 1 is the first. */
export const valuesTurn =
  (services: Services) =>
  async ({ archive, jobId, part, most }: ValuesTurnInput) => {
    const file = `${taskFolder(archive, jobId)}/${VALUES_FILE}`;
    const { chosen } = await readJson<ValuesFile>(services.store(archive.store), file);
    const tables = chosen.slice((part - 1) * most, part * most);
    return {
      tables: tables.map(({ database, table }) => ({ database, table })),
      rows: tables.reduce((sum, { rows = 0 }) => sum + rows, 0),
      /** With these and those of the parts to come. */
      left: Math.max(0, chosen.length - (part - 1) * most),
      last: part * most >= chosen.length,
    };
  };

export interface ValuesTurnInput {
  readonly archive: Archive;
  readonly jobId: string;
  readonly part: number;
  readonly most: number;
}

/** Puts what tonight's values came to beside what the task's file has: its rows and objects, and the tables that are postponed. */
export const keepValues =
  (services: Services) =>
  async ({
    archive,
    jobId,
    verdict: { verdict, reason, kinds, seconds },
  }: {
    readonly archive: Archive;
    readonly jobId: string;
    readonly verdict: KeptTask;
  }): Promise<Pick<KeptTask, 'verdict' | 'kinds'>> => {
    const store = services.store(archive.store);
    const folder = taskFolder(archive, jobId);
    const task = withoutContents(await readJson<KeptTask>(store, `${folder}/${TASK_FILE}`));
    const bytes = await readBytes(store, `${folder}/${VALUES_FILE}`);
    const plan = { store: store.name, name: `${folder}/${VALUES_FILE}`, size: bytes.length, sha256: sha256(bytes) };
    const { chosen, contents: said } = JSON.parse(bytes.toString()) as ValuesFile;
    const tonight = kinds.find(({ kind }) => kind === 'contents') ?? {
      ...silent(chosen.length),
      ...(reason && { reason }),
    };
    const contents = { ...beside(said, tonight), files: [plan, ...(tonight.files ?? [])] };
    const now: KeptTask = {
      ...task,
      verdict: together([...task.kinds, contents], verdict),
      seconds: task.seconds + seconds,
      kinds: [...task.kinds, contents],
    };
    await keep(store, `${folder}/${TASK_FILE}`, JSON.stringify(now), JSON_TYPE);
    return { verdict: now.verdict, kinds: [contents] };
  };
