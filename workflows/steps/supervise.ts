import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { News } from '../../activities/announce.js';
import type { KnownFailure, Marks, Supervised, SupervisedEvent } from '../../activities/supervise.js';
import { calls, waits } from '../activities.js';
import { item } from '../evidence.js';
import { readFailure } from '../failure.js';
import type { PlanBase } from '../plans/common.js';
import type { Supervision } from '../plans/supervision.js';
import type { Run } from '../run.js';
import { duration } from '../step-table.js';
import { at, type Task } from './task.js';

/** What is supervised: the tasks that move data, and how their plan wants it. */
export interface Subject {
  readonly tasks: readonly Task[];
  readonly supervision: Supervision;
  readonly notify?: readonly string[] | undefined;
}

/** What a supervision does not forget when its run continues as new. */
interface Kept {
  readonly since: string;
  marks: Marks;
  news: News[];
  /** When failures were retried without asking. */
  readonly retried: string[];
  failures: number;
  thresholds: number;
  known?: KnownFailure | undefined;
  /** A failure that a person is asked about. */
  asked?: Failure | undefined;
  /** One that is retried once what a person changed is done. */
  again?: Failure | undefined;
}

type Failure = Extract<SupervisedEvent, { event: 'failed' }>;
type Crossing = Extract<SupervisedEvent, { event: 'threshold' | 'recovered' }>;
export type TaskEnd = Extract<SupervisedEvent, { event: 'ended' }>;

const STEP = 'Supervision';

/**
 * Watches over running tasks for as long as they run, and gives how they ended. A failure is retried within limits (§6.1.12), then
 * a person is asked; thresholds that are broken for too long are told, once, and again when that is over.
 */
export async function supervise(run: Run<PlanBase>, subject: Subject): Promise<TaskEnd> {
  const watched = new Watch(run, subject);
  return await run.step(STEP, () => watched.untilEnd(), { note: ({ jobId, status }) => `${jobId} is ${status}` });
}

class Watch {
  private readonly kept: Kept;

  constructor(
    private readonly run: Run<PlanBase>,
    private readonly subject: Subject,
  ) {
    const since = new Date().toISOString();
    this.kept = run.kept<Kept>('supervision', { since, marks: {}, news: [], retried: [], failures: 0, thresholds: 0 });
  }

  async untilEnd(): Promise<TaskEnd> {
    const { kept } = this;
    for (const news of kept.news) this.announce(news);
    for (;;) {
      this.show();
      if (kept.again) await this.retryAgain(kept.again);
      if (kept.asked) await this.ask(kept.asked);
      const seen = await this.look();
      if (seen.event === 'ended') return seen;
      if (seen.event === 'failed') await this.mend(seen);
      else if (seen.event !== 'back') this.crossed(seen);
    }
  }

  private async look(): Promise<Supervised> {
    const { kept, subject } = this;
    const { marks, known } = kept;
    const { retries: _, within: __, ...limits } = subject.supervision;
    const seen = await waits().superviseTask({ tasks: subject.tasks.map(at), limits, marks, known });
    kept.marks = seen.marks;
    if (!isCrossing(seen)) kept.known = undefined;
    return seen;
  }

  /** Retries without asking while that is within the limits. */
  private async mend(failure: Failure): Promise<void> {
    const { kept } = this;
    const { retries, within } = this.subject.supervision;
    kept.failures += 1;
    const recent = kept.retried.filter((time) => Date.parse(time) > Date.now() - within).length;
    if (recent >= retries) return await this.ask(failure);
    kept.retried.push(new Date().toISOString());
    if (kept.retried.length > MOST_TIMES) kept.retried.shift();
    this.run.note(`${failure.message}; retried, ${recent + 1} of ${retries} times within ${duration(within)}`);
    await this.retryAgain(failure);
  }

  /** Asks what becomes of a failure. It is no question any more once the failure is over, or the task. */
  private async ask(failure: Failure): Promise<void> {
    const { kept } = this;
    kept.asked = failure;
    kept.known = { jobId: failure.jobId, status: failure.status, patience: 'asked' };
    const scope = new CancellationScope();
    const settled = scope.run(() => this.untilBack());
    settled.catch(() => undefined);
    try {
      const { by } = await this.run.decide(STEP, {
        name: 'supervision',
        question: failure.message,
        items: [...failure.items, ...this.history()],
        decisions: ['retry', 'abort'],
        settled,
      });
      kept.asked = undefined;
      kept.known = undefined;
      if (by[0] !== 'drs-pilot') await this.retryAgain(failure);
    } catch (error) {
      // The question goes over to the next run; a change is made first, and then it is retried.
      if (!isCancellation(error)) {
        kept.asked = undefined;
        kept.again = failure;
      }
      throw error;
    } finally {
      scope.cancel();
    }
  }

  private async untilBack(): Promise<string> {
    for (;;) {
      const seen = await this.look();
      if (!isCrossing(seen)) return `${seen.jobId} is ${seen.status}`;
      this.crossed(seen);
    }
  }

  private async retryAgain(failure: Failure): Promise<void> {
    this.kept.again = undefined;
    const problem = await this.retry(failure);
    if (problem) await this.ask({ ...failure, message: `${failure.message}. It could not be retried: ${problem}` });
  }

  /** §6.1.12. Gives why it was not possible. */
  private async retry({ jobId, status }: Failure): Promise<string | undefined> {
    const task = this.subject.tasks.find((one) => one.jobId === jobId);
    if (!task) return undefined;
    this.show();
    try {
      await this.run.locked(jobId, 'to retry it', () => calls.retryTask(at(task)));
    } catch (error) {
      if (isCancellation(error)) throw error;
      return readFailure(error).message;
    }
    // What failed may show for a while.
    this.kept.known = { jobId, status, patience: 'grace' };
    return undefined;
  }

  private crossed({ event, jobId, threshold, value, since }: Crossing): void {
    const { kept, subject } = this;
    const lasted = duration(Date.now() - Date.parse(since));
    const what = subject.tasks.length > 1 ? `${NAMES[threshold]} of ${jobId}` : NAMES[threshold];
    const text =
      event === 'threshold' ? `${what}: ${value}, for ${lasted} by now` : `${what}: ${value} again, after ${lasted}`;
    if (event === 'threshold') kept.thresholds += 1;
    this.run.note(text);
    this.show();
    const { notify: to = [] } = subject;
    if (to.length === 0) return;
    const { kind, name } = this.run.whereabouts;
    const news = { event, jobId, text: `${kind} ${name}: ${text}`, to };
    kept.news.push(news);
    this.announce(news);
  }

  /** Beside everything else: a webhook that is down holds nothing up. */
  private announce(news: News): void {
    const { kept } = this;
    const done = (untold: readonly string[]) => {
      const others = kept.news.filter((one) => one !== news);
      kept.news = untold.length > 0 ? [...others, { ...news, to: untold }] : others;
    };
    this.run.beside(
      waits()
        .announce({ run: this.run.whereabouts, news })
        .then(({ untold }) => done(untold)),
    );
  }

  private show(): void {
    const { since, failures, retried, thresholds } = this.kept;
    this.run.report({ supervision: { since, failures, retries: retried.length, thresholds } });
    const parts = [
      `since ${since.slice(0, 16)}Z`,
      ...(failures > 0 ? [`${failures} failures, ${retried.length} retried without asking`] : []),
      ...(thresholds > 0 ? [`thresholds broken ${thresholds} times`] : []),
    ];
    this.run.goesOn(STEP, parts.join(', '));
  }

  private history() {
    const { failures, retried } = this.kept;
    return [
      item('failures so far', 'ok', String(failures)),
      ...retried.slice(-5).map((time) => item('retried without asking', 'ok', time)),
    ];
  }
}

const MOST_TIMES = 100;

const NAMES = {
  delay: 'incremental delay',
  rpo: 'RPO',
  rto: 'RTO',
  source: 'source database, as DRS finds it',
  target: 'target database, as DRS finds it',
} as const;

const isCrossing = (seen: SupervisedEvent): seen is Crossing =>
  seen.event === 'threshold' || seen.event === 'recovered';
