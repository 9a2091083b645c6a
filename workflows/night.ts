import { metricMeter, workflowInfo } from '@temporalio/workflow';
import type { Archive } from '../activities/comparison/archive.js';
import type { Counts } from '../activities/comparison/read.js';
import type { Reported, ReportInput } from '../activities/comparison/report.js';
import type { ComparisonKind } from '../activities/comparison/scope.js';
import type { SelectedTasks } from '../activities/comparison/select.js';
import { type Consistency, worst } from '../drs/consistency.js';
import { type KeptValues, NightValues, noValues } from './night-values.js';
import type { ComparisonPlan } from './plans/comparison.js';
import type { Run } from './run.js';
import type { TaskVerdict } from './task-comparison.js';
import { WORDS } from './verdicts.js';

/** What of a night goes over when the run continues as new: counts, and the tasks that people must look at. */
interface KeptNight {
  began: string;
  until: string;
  total: number;
  after: string | null;
  over: boolean;
  pages: number;
  tasks: Record<Consistency, number>;
  kinds: Partial<Record<ComparisonKind, Counts>>;
  differing: number;
  shown: TaskVerdict[];
  more: number;
  /** Tasks that keep no files: what kept them from being compared. */
  others: TaskVerdict[];
  report: Reported | { readonly trouble: string } | null;
  /** Why it is over when it is. */
  why: string;
  values: KeptValues;
}

/** For the worker's metrics; Temporal leaves it out at replays. */
const countVerdict = (verdict: Consistency, tasks = 1): void =>
  metricMeter
    .createCounter('drs_pilot_comparisons_total', '', 'Tasks that were compared, by what was said of them')
    .add(tasks, { verdict });

/** A payload has limits: tables and tasks are left out until it keeps them. */
const MOST_BYTES = 45_000;
const LEAST_FOR_ONE = 400;
const MOST_OTHERS = 200;

const none = (): Record<Consistency, number> => ({ consistent: 0, notComparable: 0, notFinished: 0, inconsistent: 0 });

/** One comparison of all its tasks, as far as it has come. */
export class Night {
  readonly values: NightValues;
  private readonly kept: KeptNight;

  constructor(
    run: Run<ComparisonPlan>,
    private readonly plan: ComparisonPlan,
  ) {
    const now = Date.now();
    this.kept = run.kept<KeptNight>('night', {
      began: new Date(now).toISOString(),
      until: new Date(now + plan.within).toISOString(),
      total: 0,
      after: null,
      over: false,
      pages: 0,
      tasks: none(),
      kinds: {},
      differing: 0,
      shown: [],
      more: 0,
      others: [],
      report: null,
      why: 'its time was over',
      values: noValues(),
    });
    this.values = new NightValues(this.kept.values, () => this.kept.kinds.contents);
  }

  get goesOn(): boolean {
    return !this.kept.over;
  }

  /** Where its files lie, as far as the spec has a store. */
  get archive(): Archive | undefined {
    const { store, name } = this.plan;
    if (!store) return undefined;
    const began = this.kept.began.replace(/[-:]|\.\d+/g, '');
    return { store, name, night: `${began}-${workflowInfo().firstExecutionRunId.slice(0, 8)}` };
  }

  /** Number of the page that comes. */
  get page(): number {
    return this.kept.pages + 1;
  }

  get after(): string | undefined {
    return this.kept.after ?? undefined;
  }

  get began(): string {
    return this.kept.began;
  }

  get until(): string {
    return this.kept.until;
  }

  /** Why a task has no turn any more. */
  get late(): string | undefined {
    return Date.now() >= Date.parse(this.kept.until) ? `the night has no time for it: ${this.kept.why}` : undefined;
  }

  /** Its budget ends it earlier. */
  close({ until, why }: { readonly until: number; readonly why: string }): null {
    if (until < Date.parse(this.kept.until)) Object.assign(this.kept, { until: new Date(until).toISOString(), why });
    return null;
  }

  /** Of the comparison before this one, as the store knows it. */
  get before(): Consistency | undefined {
    const { report } = this.kept;
    return report && 'before' in report ? report.before : undefined;
  }

  get verdict(): Consistency {
    const tasks = Object.entries(this.kept.tasks).flatMap(([verdict, n]) => (n > 0 ? [verdict as Consistency] : []));
    return worst(this.values.trouble === undefined ? tasks : [...tasks, 'notFinished']);
  }

  /** `12 of 200 tasks: 11 consistent, 1 inconsistent`. */
  get summary(): string {
    const { tasks, total } = this.kept;
    const counts = Object.entries(tasks).filter(([, count]) => count > 0);
    const done = counts.reduce((sum, [, count]) => sum + count, 0);
    const told = counts.map(([verdict, count]) => `${count} ${WORDS[verdict as Consistency]}`).join(', ');
    return `${done} of ${total} ${total === 1 ? 'task' : 'tasks'}${told ? `: ${told}` : ''}`;
  }

  /** Tasks that are not consistent, the worst first. */
  get bad(): readonly TaskVerdict[] {
    return this.kept.shown.filter(({ verdict }) => verdict !== 'consistent');
  }

  begin({ total }: SelectedTasks): void {
    this.kept.total = total ?? this.kept.total;
  }

  take(task: TaskVerdict): void {
    const { kept } = this;
    kept.tasks[task.verdict] += 1;
    if (!this.plan.budget) countVerdict(task.verdict);
    if (task.kinds.length === 0 && kept.others.length < MOST_OTHERS) kept.others.push(task);
    this.count(task);
    this.show(task);
  }

  /** A task of which more is known, by its values. */
  amend(before: Consistency, task: TaskVerdict): void {
    const { kept } = this;
    kept.tasks[before] -= 1;
    kept.tasks[task.verdict] += 1;
    this.count(task);
    const at = kept.shown.findIndex(({ jobId }) => jobId === task.jobId);
    const [known] = at < 0 ? [] : kept.shown.splice(at, 1);
    if (!known) kept.more -= 1;
    this.show({ ...task, kinds: [...(known?.kinds ?? []), ...task.kinds] });
  }

  /** Once nothing changes any more. */
  counted(): void {
    for (const [verdict, tasks] of Object.entries(this.plan.budget ? this.kept.tasks : {}))
      if (tasks > 0) countVerdict(verdict as Consistency, tasks);
  }

  private count({ kinds }: TaskVerdict): void {
    const { kept } = this;
    for (const { kind, counts, differing } of kinds) {
      const before = kept.kinds[kind] ?? none();
      kept.kinds[kind] = Object.fromEntries(
        Object.entries(before).map(([verdict, count]) => [verdict, count + counts[verdict as Consistency]]),
      ) as unknown as Counts;
      kept.differing += differing;
    }
  }

  private show(task: TaskVerdict): void {
    const { kept } = this;
    const share = Math.max(LEAST_FOR_ONE, Math.floor(MOST_BYTES / Math.max(1, kept.total)));
    kept.shown.push(fitting(task, share));
    kept.shown.sort((a, b) => rank(b) - rank(a) || (a.name < b.name ? -1 : 1));
    while (bytes(kept.shown) > MOST_BYTES) {
      kept.shown.pop();
      kept.more += 1;
    }
  }

  /** What the report is made of, beside the files of the tasks. */
  reported({ retention }: ComparisonPlan): ReportInput {
    const { began, tasks, others } = this.kept;
    return {
      archive: this.archive as Archive,
      began,
      ended: new Date().toISOString(),
      verdict: this.verdict,
      tasks,
      others,
      values: this.values.told,
      ...(retention !== undefined && { retention }),
    };
  }

  report(report: Reported | { readonly trouble: string }): void {
    this.kept.report = report;
  }

  /** Why there is no report. */
  get trouble(): string | undefined {
    const { report } = this.kept;
    return report && 'trouble' in report ? report.trouble : undefined;
  }

  turn({ next }: SelectedTasks): void {
    this.kept.after = next ?? null;
    this.kept.over = next === undefined;
    this.kept.pages += 1;
  }

  result() {
    const { began, tasks, kinds, differing, shown, more, report } = this.kept;
    return {
      task: 'none',
      verdict: this.verdict,
      began,
      ended: new Date().toISOString(),
      counts: { tasks, ...kinds },
      ...(this.values.told && { values: this.values.told }),
      differing,
      tasks: shown,
      ...(more > 0 && { more }),
      ...(report && { report }),
    };
  }
}

const rank = ({ verdict }: { readonly verdict: Consistency }): number =>
  ['consistent', 'notComparable', 'notFinished', 'inconsistent'].indexOf(verdict);

const withoutNext = (kind: TaskVerdict['kinds'][number]) => ({
  ...kind,
  ...(kind.postponed && { postponed: { ...kind.postponed, next: [] } }),
});

/** The tables that are told last are left out first. */
function fitting(task: TaskVerdict, most: number): TaskVerdict {
  let short = bytes(task) > most ? { ...task, kinds: task.kinds.map(withoutNext) } : task;
  while (bytes(short) > most && short.kinds.some(({ tables }) => tables.length > 0)) {
    const longest = [...short.kinds].sort((a, b) => b.tables.length - a.tables.length)[0];
    short = {
      ...short,
      kinds: short.kinds.map((one) =>
        one === longest ? { ...one, tables: one.tables.slice(0, -1), more: (one.more ?? 0) + 1 } : one,
      ),
    };
  }
  return short;
}

const bytes = (value: unknown): number => new TextEncoder().encode(JSON.stringify(value)).length;
