import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  CancelledFailure,
  condition,
  continueAsNew,
  isCancellation,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { Held, LockMode } from '../activities/locks.js';
import { local, notifying } from './activities.js';
import { type Ask, type CarriedDesk, Desk } from './desk.js';
import { renderDetails } from './details.js';
import { item } from './evidence.js';
import { type Failure, readFailure } from './failure.js';
import type { Answer } from './gate.js';
import { Inbox } from './inbox.js';
import { holders, Locks } from './locks.js';
import {
  type Change,
  type Item,
  type Result,
  type RunOutcome,
  type Status,
  status,
  type UpdateName,
} from './messages.js';
import { applyChange, type GateSpec, hasLeaked, type PlanBase, type ReadSpec, readSpec } from './plans/common.js';
import { type CarriedSteps, StepTable } from './step-table.js';

/** Above this a run continues as new; the server's own limit is ten times as far. Rehearsals say less, in their memo. */
const MOST_EVENTS = 4_500;
/** As many ids of tasks the server keeps to find a run by. */
const MOST_JOB_IDS = 50;

const JOB_IDS = defineSearchAttributeKey('DrsJobId', SearchAttributeType.KEYWORD_LIST);
const KIND = defineSearchAttributeKey('DrsKind', SearchAttributeType.KEYWORD);
const PHASE = defineSearchAttributeKey('DrsPhase', SearchAttributeType.KEYWORD);
const GATE = defineSearchAttributeKey('DrsGate', SearchAttributeType.KEYWORD);

/** What goes over when a run continues as new: done steps with their results, the record, the open gate. */
export interface Carried {
  readonly steps: CarriedSteps;
  readonly desk: CarriedDesk;
  readonly record: Pick<Status, 'decisions' | 'refusedSignals'>;
  readonly changes: readonly NotedChange[];
  readonly shownChanges: number;
  readonly pending?: Change;
  readonly jobId?: string;
  readonly facts?: Facts;
  readonly locks?: readonly Held[];
  readonly kept?: Readonly<Record<string, object>>;
}

/** What a kind adds to the result. */
type Facts = Readonly<Record<string, unknown>>;

interface NotedChange {
  readonly change: Change;
  readonly by: string;
  readonly reason: string;
}

/** What a person may change when a step of a part of the sequence has failed. */
export interface Mending {
  readonly allows: 'endpoints' | 'secrets';
  /** Steps that a change makes undone: they run again, approvals among them. */
  readonly forget: readonly string[];
  /** What must be done with the change before the part goes on. */
  readonly apply?: (change: Change) => Promise<void>;
}

type Work<T> = (retry: boolean) => Promise<T>;

export interface StepOptions<T> {
  readonly skippable?: boolean;
  /** The result in one line. */
  readonly note?: (result: T) => string | undefined;
}

export type GateOptions = Pick<Ask, 'question' | 'items' | 'watch' | 'about'> & { readonly ask: GateSpec };
export type Dilemma = Pick<Ask, 'name' | 'question' | 'items' | 'decisions' | 'about' | 'settled'>;

type Sequence<P> = (plan: P) => Promise<Facts>;
/** Does and says what becomes of the task when the run is rejected, aborted or cancelled. */
type Settle<P extends PlanBase> = (run: Run<P>, plan: P, jobId: string) => Promise<string>;

/** What every workflow of ours has: named steps that show in the UI, people who can be asked, and a record of it all. */
export class Run<P extends PlanBase> {
  private readonly steps: StepTable;
  private readonly desk: Desk;
  private readonly inbox: Inbox;
  private readonly locks: Locks;
  private readonly changes: NotedChange[];
  private shownChanges: number;
  private pending: Change | undefined;
  private mending: Mending | undefined;
  private jobId: string | undefined;
  private facts: Facts;
  private readonly mostEvents = Number(workflowInfo().memo?.['mostEvents'] ?? MOST_EVENTS);
  private readonly keeps: Record<string, object>;
  private phaseName = 'starts';
  private since = new Date().toISOString();
  private readonly asides = new Set<Promise<unknown>>();
  private overfull = false;
  private turn: Promise<unknown> = Promise.resolve();
  private force = false;
  private stale = false;
  private seek: (() => Promise<string | undefined>) | undefined;
  private end: Pick<Result, 'outcome' | 'task'> | undefined;
  private plan!: P;

  constructor(
    readonly kind: string,
    private readonly reader: ReadSpec<P>,
    private readonly spec: unknown,
    given?: Carried,
  ) {
    const carried = isContinued() ? given : undefined;
    this.steps = new StepTable(() => this.moved(), carried?.steps);
    this.desk = new Desk(() => this.turned(), carried?.desk);
    this.changes = [...(carried?.changes ?? [])];
    this.shownChanges = carried?.shownChanges ?? 0;
    this.pending = carried?.pending;
    this.jobId = carried?.jobId;
    this.facts = carried?.facts ?? {};
    this.keeps = { ...carried?.kept };
    this.inbox = new Inbox(
      () => this.desk.opening,
      () => this.moved(),
      carried?.record,
    );
    this.locks = new Locks(
      {
        kind,
        about: () => ({ name: this.title, cloud: this.plan?.cloud }),
        ask: (ask) => this.ask(ask),
        show: (waitsFor) => this.steps.mark('Lock', waitsFor ? 'waits' : 'done', waitsFor),
        note: (text) => this.inbox.note(text),
      },
      carried?.locks,
    );
    setHandler(status, () => this.status(), { description: 'The whole run as JSON: steps, gate, evidence, decisions' });
    this.inbox.listen();
  }

  /** The DRS task, once there is one. */
  get task(): string | undefined {
    return this.jobId;
  }

  /** Whether the last "retry" said `force`. */
  get forced(): boolean {
    return this.force;
  }

  /**
   * Runs the whole sequence. Bad input, a refusal before the task exists, a decision to stop and a cancellation end it as
   * failed or cancelled, with the record as details.
   */
  async conduct(sequence: Sequence<P>, settle: Settle<P>): Promise<Result> {
    try {
      this.plan = await this.admitted();
      const extra = await this.unlessOverfull(() => sequence(this.plan));
      await this.tell(`${this.title} is completed`);
      await this.locks.release();
      return this.result('completed', extra);
    } catch (error) {
      if (error instanceof Overfull) {
        await Promise.all(this.asides);
        return await continueAsNew(this.spec, this.carry());
      }
      return await this.ended(error, settle);
    }
  }

  /** Shows the steps that will come. */
  outline(names: readonly string[]): void {
    this.steps.outline(names);
  }

  phase(name: string): void {
    this.phaseName = name;
    this.turned();
  }

  /** Names the DRS task of this run; from now on a failure is a question and not the end. */
  owns(jobId: string, subtasks: readonly string[] = []): void {
    if (this.jobId === jobId && subtasks.length === 0) return;
    this.jobId = jobId;
    upsertSearchAttributes([{ key: JOB_IDS, value: [jobId, ...subtasks] }]);
    this.moved();
  }

  /** Tasks that this run deals with and that are not its own: it is found by them. */
  about(jobIds: readonly string[]): void {
    const [first] = jobIds;
    if (first === undefined) return;
    if (jobIds.length === 1) this.jobId = first;
    upsertSearchAttributes([{ key: JOB_IDS, value: jobIds.slice(0, MOST_JOB_IDS) }]);
    this.moved();
  }

  /** What the result will hold beside the status, however the run ends. */
  report(facts: Facts): void {
    this.facts = { ...this.facts, ...facts };
  }

  /**
   * Holds the locks of tasks from here on; the end of the run gives them back. When another run holds one longer than a moment, a
   * person is asked.
   */
  async lock(jobIds: string | readonly string[], reason: string, mode?: LockMode): Promise<void> {
    await this.locks.acquire([jobIds].flat(), reason, mode);
  }

  /** Gives locks back; all of them when none is named. */
  async unlock(...jobIds: readonly string[]): Promise<void> {
    await this.locks.release(jobIds.length > 0 ? jobIds : undefined);
  }

  /** Does something under a lock, and gives it back unless it was held before. Asks nobody: who holds it is told by the error. */
  async locked<T>(
    jobId: string,
    reason: string,
    work: () => Promise<T>,
    takeOver?: { readonly by: string; readonly why: string },
  ): Promise<T> {
    const mine = this.turn.then(async () => {
      if (this.locks.holds(jobId)) return await work();
      const other = await this.locks.tryAcquire([jobId], reason, takeOver);
      if (other)
        throw ApplicationFailure.nonRetryable(`the lock of ${jobId} is held by ${holders(other)}`, 'drs.locked');
      try {
        return await work();
      } finally {
        await CancellationScope.nonCancellable(() => this.locks.release([jobId]));
      }
    });
    // Parts of one run that change its task take turns: the lock is the run's, and each would give it back to the other's cost.
    this.turn = mine.catch(() => undefined);
    return await mine;
  }

  /** What a part of the run must not forget when it continues as new: JSON, changed in place. */
  kept<T extends object>(name: string, initial: T): T {
    this.keeps[name] ??= initial;
    return this.keeps[name] as T;
  }

  isKept(name: string): boolean {
    return this.keeps[name] !== undefined;
  }

  /** A change that a person made by an update; it stands in the record, and a new password in the plan. */
  recordUpdate(name: UpdateName, { by, reason }: { readonly by: string; readonly reason: string }, what: string): void {
    const at = new Date().toISOString();
    this.inbox.record({ gate: '', decision: name, by, claimed: true, reason: `${reason} (${what})`, at });
    this.moved();
  }

  /** From here on the plan has this, also when the run continues as new. */
  amend(change: Change, { by, reason }: { readonly by: string; readonly reason: string }): void {
    applyChange(this.plan, change);
    this.changes.push({ change, by, reason });
    this.shownChanges = this.changes.length;
  }

  /** Lets something go on beside the sequence, which waits for it only when the run continues as new. */
  beside(work: Promise<unknown>): void {
    const aside = work.catch(() => undefined).then(() => void this.asides.delete(aside));
    this.asides.add(aside);
  }

  /** A step that people were asked about runs again. */
  goesOn(step: string, note: string): void {
    this.steps.goOn(step, note);
  }

  /** Something for the record. */
  note(text: string): void {
    this.inbox.note(text);
  }

  /** Asks nothing any more. */
  dropQuestion(): void {
    this.desk.close();
    this.turned();
  }

  /** What was reported, also before the run continued as new. */
  reported<T>(fact: string): T | undefined {
    return this.facts[fact] as T | undefined;
  }

  /** How far a step is. */
  progress(step: string, note: string): void {
    this.steps.tell(step, note);
  }

  /** How the task is found that may have been made without the run's hearing of it. */
  seeks(find: () => Promise<string | undefined>): void {
    this.seek = find;
  }

  /**
   * One step of the sequence, done once: a step that stands in the record as done gives its result again. One that failed asks
   * a person, who mends the cause and says "retry": `work` hears whether this is one.
   */
  async step<T>(name: string, work: Work<T>, options?: StepOptions<T> & { skippable?: false }): Promise<T>;
  async step<T>(name: string, work: Work<T>, options: StepOptions<T>): Promise<T | undefined>;
  async step<T>(name: string, work: Work<T>, options: StepOptions<T> = {}): Promise<T | undefined> {
    if (this.steps.isDone(name)) return this.steps.resultOf<T>(name);
    const began = Date.now();
    for (;;) {
      this.steps.mark(name, 'running');
      try {
        if (this.steps.isRetried(name)) await this.locks.restore();
        this.locks.demand();
        const result = await work(this.steps.isRetried(name));
        this.steps.finish(name, began, options.note?.(result), result);
        return result;
      } catch (error) {
        if (isCancellation(error) || error instanceof Ending || error instanceof Changed) throw error;
        const failure = readFailure(error);
        this.steps.fail(name, failure.message);
        if (!this.jobId || failure.type === 'drs.wrongId') throw error;
        const answer = await this.askAbout(name, failure, options.skippable ?? false);
        if (answer.decision !== 'skip') continue;
        this.steps.skip(name, `skipped by ${answer.by.join(', ')}: ${answer.reason}`);
        return undefined;
      }
    }
  }

  /** A step that is done anew, whatever the record says. */
  async again<T>(name: string, work: Work<T>): Promise<T> {
    this.forget(name);
    return await this.step(name, work);
  }

  /** Whether a step was tried at all, with success or without. */
  hasBegun(step: string): boolean {
    return this.steps.hasBegun(step);
  }

  /** The result of a step that is done. */
  resultOf<T>(step: string): T | undefined {
    return this.steps.resultOf<T>(step);
  }

  /** Forgets that steps were done. */
  forget(...names: readonly string[]): void {
    this.steps.forget(names);
  }

  /** A part of the sequence in which a person may mend a failure by a change; the change makes earlier steps undone. */
  async part<T>(mending: Mending, work: () => Promise<T>): Promise<T> {
    for (;;) {
      this.mending = mending;
      try {
        if (this.pending) {
          await mending.apply?.(this.pending);
          this.pending = undefined;
        }
        return await work();
      } catch (error) {
        if (!(error instanceof Changed)) throw error;
        this.steps.redo(mending.forget);
      } finally {
        this.mending = undefined;
      }
    }
  }

  /**
   * A gate before a step that a person must approve; a rejection ends the run. False where its ground went away while it was
   * open: the task that it watches has failed.
   */
  async gate(name: string, row: string, options: () => GateOptions): Promise<boolean> {
    if (this.steps.isDone(row)) return true;
    const began = Date.now();
    this.steps.mark(row, 'waits');
    const { ask: spec, ...asked } = options();
    const answer = await this.ask({ ...asked, name, spec, decisions: ['approve', 'reject'] });
    if (answer.decision === 'approve') this.steps.finish(row, began, `approved by ${answer.by.join(', ')}`, true);
    else this.steps.mark(row, 'pending', answer.reason);
    return answer.decision === 'approve';
  }

  /** What becomes of a step that did not go well; to do it again is the caller's part. "abort" ends the run. */
  async decide(row: string, dilemma: Dilemma): Promise<Answer> {
    this.steps.fail(row, dilemma.question);
    return await this.ask({ ...dilemma, event: 'failure' });
  }

  /** Items that somebody must acknowledge by name before the run goes on. False: the step before is to be done again. */
  async acknowledge(name: string, row: string, question: string, items: readonly Item[]): Promise<boolean> {
    if (this.steps.isDone(row)) return true;
    const began = Date.now();
    this.steps.mark(row, 'waits');
    const acknowledge = items.map((one) => one.item);
    const answer = await this.ask({ name, question, items, acknowledge, decisions: ['acknowledge', 'retry', 'abort'] });
    if (answer.decision === 'acknowledge')
      this.steps.finish(row, began, `acknowledged by ${answer.by.join(', ')}`, true);
    else this.steps.mark(row, 'pending');
    return answer.decision === 'acknowledge';
  }

  /** One of several things, named by the item that is acknowledged. Undefined: the step before is to be done again. */
  async choose(name: string, row: string, question: string, items: readonly Item[]): Promise<string | undefined> {
    if (this.steps.isDone(row)) return this.steps.resultOf<string>(row);
    const began = Date.now();
    this.steps.mark(row, 'waits');
    const acknowledge = items.map((one) => one.item);
    const decisions = ['acknowledge', 'retry', 'abort'] as const;
    const answer = await this.ask({ name, question, items, acknowledge, one: true, decisions });
    const [chosen] = answer.decision === 'acknowledge' ? (answer.last?.items ?? []) : [];
    if (chosen) this.steps.finish(row, began, `${chosen}, said ${answer.by.join(', ')}`, chosen);
    else this.steps.mark(row, 'pending');
    return chosen;
  }

  private status(): Status {
    const { opening } = this.desk;
    return {
      kind: this.kind,
      name: this.title,
      ...(this.jobId && { jobId: this.jobId }),
      phase: opening ? 'waits for a person' : this.phaseName,
      since: this.since,
      steps: this.steps.view(),
      ...(opening && { gate: opening.view() }),
      decisions: this.inbox.decisions,
      refusedSignals: this.inbox.refusedSignals,
      ...this.end,
    };
  }

  /** Reads the spec, and asks the worker what only it knows: secrets, approvers, clouds. All problems at once. */
  private async admitted(): Promise<P> {
    upsertSearchAttributes([
      { key: KIND, value: this.kind },
      { key: PHASE, value: this.phaseName },
    ]);
    const { plan, problems, shown } = readSpec(this.reader, this.kind, this.spec);
    const admission = shown ? await local.admit({ kind: this.kind, spec: shown }) : { problems: [] };
    const all = [...problems, ...admission.problems];
    if (!plan || all.length > 0) throw badSpec(this.kind, all);
    for (const { change } of this.changes) applyChange(plan, change);
    return plan;
  }

  private async askAbout(name: string, { message, items }: Failure, skippable: boolean): Promise<Answer> {
    const answer = await this.ask(
      {
        name: name.toLowerCase().replace(/[^a-z0-9]+/g, '-'),
        question: `${name} failed. ${message}`,
        decisions: ['retry', ...(skippable ? (['skip'] as const) : []), 'abort'],
        items,
        event: 'failure',
      },
      name,
    );
    this.force = answer.last?.force ?? false;
    return answer;
  }

  /** Asks, and carries out what an answer means at every gate: an end of the run, a change. */
  private async ask(ask: Ask, failedStep?: string): Promise<Answer> {
    const items = [...ask.items, ...this.unseenChanges()];
    const changeProblem = ask.decisions.includes('retry') ? (change: Change) => this.changeProblem(change) : undefined;
    const answer = await this.desk.ask(
      { ...ask, items, changeProblem },
      { run: this.whereabouts, cloud: this.plan.cloud, notify: this.plan.notify ?? [] },
    );
    const { decision, by, reason, last } = answer;
    // Whoever approves must have seen the changes; at gates before that they are shown, too.
    if (decision === 'approve') this.shownChanges = this.changes.length;
    if (decision === 'retry' && failedStep) this.steps.retry(failedStep);
    if (decision === 'reject') throw new Ending('rejected', `rejected by ${by.join(', ')}: ${reason}`);
    if (decision === 'abort') throw new Ending('aborted', `aborted by ${by.join(', ')}: ${reason}`);
    if (last?.change) {
      applyChange(this.plan, last.change);
      this.changes.push({ change: last.change, reason, by: by.join(', ') });
      this.pending = last.change;
      throw new Changed();
    }
    return answer;
  }

  private unseenChanges(): Item[] {
    const unseen = this.changes.slice(this.shownChanges);
    return unseen.map(({ change, by, reason }) =>
      item('change', 'warning', `${describeChange(change)}, by ${by}: ${reason}`),
    );
  }

  private changeProblem(change: Change): string | undefined {
    const allows = this.mending?.allows;
    if (!allows) return 'nothing can be changed here';
    const fields = [change.source, change.target].flatMap((endpoint) => Object.keys(endpoint ?? {}));
    const others = fields.filter((field) => field !== 'password');
    if (allows === 'secrets' && others.length > 0) {
      return `${others.join(', ')} cannot change any more: once a task has been started, DRS changes only passwords (§6.1.15)`;
    }
    const changed = { ...this.plan };
    applyChange(changed, change);
    const problems = this.reader.problems(changed);
    return problems.length > 0 ? problems.map(({ path, message }) => `${path}: ${message}`).join('; ') : undefined;
  }

  private async ended(error: unknown, settle: Settle<P>): Promise<never> {
    const cancelled = isCancellation(error);
    const outcome: RunOutcome = cancelled ? 'cancelled' : error instanceof Ending ? error.outcome : 'failed';
    const { message, type } = readFailure(error);
    this.desk.close();
    this.steps.stop(cancelled ? 'cancelled' : message);
    return await CancellationScope.nonCancellable(async () => {
      const task = await this.settled(outcome, type, settle);
      await this.locks.release();
      await this.tell(`${this.title} is ${outcome}: ${message}`);
      const result = this.result(outcome, { task, reason: message });
      if (cancelled) throw new CancelledFailure(`${this.title} was cancelled; its task: ${task}`, [result]);
      throw ApplicationFailure.create({
        message,
        type: error instanceof Ending ? `drs.${outcome}` : type,
        nonRetryable: true,
        details: [result],
      });
    });
  }

  /** What became of the task. A run that failed by itself touches it no more. */
  private async settled(outcome: RunOutcome, type: string, settle: Settle<P>): Promise<string> {
    const refused = outcome === 'failed' && !UNCLEAR.has(type);
    if (!this.jobId && this.seek && !refused) {
      try {
        const found = await this.seek();
        if (found) this.owns(found);
      } catch (error) {
        return `unknown, it may be there: ${readFailure(error).message}`;
      }
    }
    if (!this.jobId) return 'none';
    if (outcome === 'failed') return 'kept';
    return await settle(this, this.plan, this.jobId).catch(
      (error: unknown) => `kept: ${this.plan.onAbort} failed: ${readFailure(error).message}`,
    );
  }

  private result(outcome: RunOutcome, extra: Readonly<Record<string, unknown>>): Result {
    this.end = { outcome, task: 'none', ...this.facts, ...extra };
    this.phase(outcome);
    return { ...this.status(), ...this.end };
  }

  /** The news of the end. A webhook that is down never holds a run up. */
  private async tell(text: string): Promise<void> {
    const names = this.plan?.notify ?? [];
    if (names.length === 0) return;
    await notifying.notify({ names, event: 'end', run: this.whereabouts, text }).catch(() => undefined);
  }

  private async unlessOverfull<T>(work: () => Promise<T>): Promise<T> {
    const scope = new CancellationScope();
    const full = condition(() => this.overfull && allHandlersFinished()).then(() => scope.cancel());
    full.catch(() => undefined);
    try {
      return await scope.run(work);
    } catch (error) {
      const asked = CancellationScope.current().consideredCancelled;
      throw this.overfull && isCancellation(error) && !asked ? new Overfull() : error;
    }
  }

  private carry(): Carried {
    return {
      steps: this.steps.carry(),
      desk: this.desk.carry(),
      record: { decisions: this.inbox.decisions, refusedSignals: this.inbox.refusedSignals },
      changes: this.changes,
      shownChanges: this.shownChanges,
      ...(this.pending && { pending: this.pending }),
      ...(this.jobId && { jobId: this.jobId }),
      facts: this.facts,
      locks: this.locks.carry(),
      kept: this.keeps,
    };
  }

  get title(): string {
    const named = this.plan?.name ?? (this.spec as { name?: unknown } | null)?.name;
    return typeof named === 'string' ? named.slice(0, 100) : 'unnamed';
  }

  get whereabouts() {
    const { workflowId, runId, namespace } = workflowInfo();
    return {
      workflowId,
      runId,
      namespace,
      kind: this.kind,
      name: this.title,
      ...(this.jobId && { jobId: this.jobId }),
    };
  }

  /** Something that people see has changed. */
  private moved(): void {
    const { historyLength, continueAsNewSuggested } = workflowInfo();
    if (historyLength > this.mostEvents || continueAsNewSuggested) this.overfull = true;
    if (this.stale) return;
    this.stale = true;
    // Rendered once for all that moves at the same time: thousands of signals may.
    void Promise.resolve().then(() => {
      this.stale = false;
      setCurrentDetails(renderDetails(this.status()));
    });
  }

  /** A phase or a gate began or ended: what runs are found by changes, too. */
  private turned(): void {
    this.since = new Date().toISOString();
    upsertSearchAttributes([
      { key: PHASE, value: this.status().phase },
      { key: GATE, value: this.desk.opening?.id ?? null },
    ]);
    this.moved();
  }
}

/** Failures after which nobody knows what DRS has done. */
const UNCLEAR: ReadonlySet<string> = new Set(['drs.failed', 'drs.transient', 'drs.ambiguous']);

/** Whether this run goes on from an earlier one; whoever starts a run must not bring its record along. */
function isContinued(): boolean {
  const { continuedFromExecutionRunId, attempt, cronSchedule } = workflowInfo();
  return continuedFromExecutionRunId !== undefined && attempt === 1 && !cronSchedule;
}

/** A decision to end the run. */
class Ending extends Error {
  constructor(
    readonly outcome: 'rejected' | 'aborted',
    message: string,
  ) {
    super(message);
  }
}

/** A person changed something: what it touches is done again. */
class Changed extends Error {}

/** The history is long: the run goes on as a new one. */
class Overfull extends Error {}

function badSpec(kind: string, problems: readonly { path: string; message: string }[]): ApplicationFailure {
  const lines = problems.map(({ path, message }) => (path ? `${path}: ${message}` : message));
  const count = lines.length === 1 ? 'a problem' : `${lines.length} problems`;
  const message = [`this ${kind} spec has ${count}:`, ...lines, ...(hasLeaked(problems) ? [leak()] : [])].join('\n');
  return ApplicationFailure.create({ message, type: 'drs.badSpec', nonRetryable: true, details: [{ problems }] });
}

/** The input of a run stands in its history, whatever becomes of it. */
function leak(): string {
  const { workflowId, runId, namespace } = workflowInfo();
  const run = `--namespace ${namespace} --workflow-id ${workflowId} --run-id ${runId}`;
  return `The password now stands in this run's history: temporal workflow delete ${run}, and change the password.`;
}

const describeChange = (change: Change): string =>
  Object.entries(change)
    .flatMap(([end, fields]) =>
      Object.entries(fields ?? {}).map(
        ([name, value]) => `${end}.${name} → ${typeof value === 'object' ? JSON.stringify(value) : value}`,
      ),
    )
    .join(', ');
