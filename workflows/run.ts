import { CancellationScope, CancelledFailure, isCancellation, setHandler, workflowInfo } from '@temporalio/workflow';
import type { LockMode } from '../activities/lock-view.js';
import type { Requester } from '../activities/services.js';
import { admit, badSpec } from './admission.js';
import { announceApart } from './announcement.js';
import { Conclusion, type Facts, type Reporter } from './conclusion.js';
import { Continuation, continueOnCurrentVersion, isContinued, Overfull } from './continuation.js';
import { type CarriedDesk, Desk } from './desk.js';
import { Display } from './display.js';
import { type End, Ending, failureOf, mayHaveMade, readEnd } from './ending.js';
import { readFailure } from './failure.js';
import type { Answer } from './gate.js';
import { Inbox } from './inbox.js';
import { type CarriedHold, Locks } from './locks.js';
import { type Change, type Item, type Proof, type Result, type Status, status, type UpdateName } from './messages.js';
import { type CarriedChanges, Changed, type Mending, PlanChanges } from './plan-changes.js';
import type { PlanBase, ReadSpec } from './plans/common.js';
import { Proofs, placeOf } from './proofs.js';
import { type Dilemma, type GateOptions, Questions } from './questions.js';
import { type CarriedSteps, StepTable } from './step-table.js';

/** What goes over when a run continues as new: done steps with their results, the record, the open gate. */
export interface Carried extends CarriedChanges {
  readonly steps: CarriedSteps;
  readonly desk: CarriedDesk;
  readonly record: Pick<Status, 'decisions' | 'refusedSignals'>;
  readonly jobId?: string;
  readonly facts?: Facts;
  readonly locks?: readonly CarriedHold[];
  readonly kept?: Readonly<Record<string, object>>;
}

type Spoken = { readonly by: string; readonly reason: string };

type Work<T> = (retry: boolean) => Promise<T>;

export interface StepOptions<T> {
  readonly skippable?: boolean;
  /** The result in one line. */
  readonly note?: (result: T) => string | undefined;
}

type Sequence<P> = (plan: P) => Promise<Facts>;
/** Does and says what becomes of the task when the run is rejected, aborted or cancelled. */
type Settle<P extends PlanBase> = (run: Run<P>, plan: P, jobId: string) => Promise<string>;

/** What every workflow of ours has: named steps that show in the UI, people who can be asked, and a record of it all. */
export class Run<P extends PlanBase> {
  /** What people must sign in this run, and have signed. */
  readonly proofs = new Proofs(placeOf(workflowInfo()));
  private readonly steps: StepTable;
  private readonly desk: Desk;
  private readonly questions: Questions<P>;
  private readonly inbox: Inbox;
  private readonly locks: Locks;
  private readonly changes: PlanChanges<P>;
  private readonly display = new Display(() => this.status());
  private readonly continuation = new Continuation();
  private readonly conclusion: Conclusion;
  private jobId: string | undefined;
  /** There is something to ask about when a step fails: before that a failure is the end. */
  private asks = false;
  private readonly keeps: Record<string, object>;
  private seek: (() => Promise<string | undefined>) | undefined;
  private requester: Requester | undefined;
  private plan!: P;

  constructor(
    readonly kind: string,
    private readonly reader: ReadSpec<P>,
    private readonly spec: unknown,
    given?: Carried,
  ) {
    const carried = isContinued() ? given : undefined;
    this.steps = new StepTable(() => this.moved(), carried?.steps);
    this.desk = new Desk(
      {
        turned: () => this.turned(),
        moved: () => this.moved(),
        note: (text, gate) => this.inbox.note(text, gate),
      },
      carried?.desk,
    );
    this.changes = new PlanChanges(() => this.plan, reader, carried);
    this.questions = new Questions(this.steps, this.desk, this.changes, () => ({
      run: this.whereabouts,
      cloud: this.plan.cloud,
      notify: this.plan.notify ?? [],
      proofs: this.proofs,
      requester: this.requester?.by,
    }));
    this.conclusion = new Conclusion(
      { status: () => this.status(), phase: (name) => this.phase(name) },
      this.steps,
      carried?.facts,
    );
    this.jobId = carried?.jobId;
    this.asks = this.jobId !== undefined;
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
        ask: (ask) => this.questions.ask(ask),
        show: (waitsFor) => this.steps.mark('Lock', waitsFor ? 'waits' : 'done', waitsFor),
        note: (text) => this.inbox.note(text),
      },
      carried?.locks,
    );
    setHandler(status, () => this.status(), { description: 'The whole run as JSON: steps, gate, evidence, decisions' });
    this.inbox.listen();
  }

  /**
   * Runs the whole sequence. Bad input, a refusal before the task exists, a decision to stop and a cancellation end it as
   * failed or cancelled, with the record as details.
   */
  async conduct(sequence: Sequence<P>, settle: Settle<P>): Promise<Result> {
    try {
      this.plan = await this.admitted();
      const extra = await this.continuation.unlessOverfull(() => sequence(this.plan));
      await this.tell(`${this.title} is completed`);
      await this.locks.release();
      return await CancellationScope.nonCancellable(() => this.conclusion.conclude('completed', extra));
    } catch (error) {
      if (!(error instanceof Overfull)) return await this.ended(error, settle);
      await this.continuation.quiet();
      // Whoever cancelled this run meanwhile would find that the next one goes on.
      if (CancellationScope.current().consideredCancelled)
        return await this.ended(new CancelledFailure('Workflow cancelled'), settle);
      return await continueOnCurrentVersion(this.spec, this.carry());
    }
  }

  /** Shows the steps that will come. */
  outline(names: readonly string[]): void {
    this.steps.outline(names);
  }

  phase(name: string): void {
    this.display.phase = name;
    this.turned();
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
        if (!this.asks || failure.type === 'drs.wrongId') throw error;
        const answer = await this.questions.failed(name, failure, options.skippable ?? false);
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

  /** A part of the sequence in which a person may mend a failure by a change; the change makes earlier steps undone. */
  async part<T>(mending: Mending, work: () => Promise<T>): Promise<T> {
    return await this.changes.part(mending, (steps) => this.steps.redo(steps), work);
  }

  /** How far a step is. */
  progress(step: string, note: string): void {
    this.steps.tell(step, note);
  }

  /** A step that people were asked about runs again. */
  goesOn(step: string, note: string): void {
    this.steps.goOn(step, note);
  }

  /** A step that a person leaves at what it is. */
  skip(step: string, note: string): void {
    this.steps.skip(step, note);
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

  /** The DRS task, once there is one. */
  get task(): string | undefined {
    return this.jobId;
  }

  /** Names the DRS task of this run; from now on a failure is a question and not the end. */
  owns(jobId: string, subtasks: readonly string[] = []): void {
    if (this.jobId === jobId && subtasks.length === 0) return;
    this.jobId = jobId;
    this.asks = true;
    this.display.tasks([jobId, ...subtasks]);
    this.moved();
  }

  /** Tasks that this run deals with and that are not its own: it is found by them. */
  about(jobIds: readonly string[]): void {
    const [first] = jobIds;
    if (first === undefined) return;
    this.asks = true;
    if (jobIds.length === 1) this.jobId = first;
    this.display.tasks(jobIds);
    this.moved();
  }

  /** How the task is found that may have been made without the run's hearing of it. */
  seeks(find: () => Promise<string | undefined>): void {
    this.seek = find;
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
    return await this.locks.locked(jobId, reason, work, takeOver);
  }

  /** A gate before a step; false where its ground went away. A rejection ends the run. */
  async gate(name: string, row: string, options: () => GateOptions): Promise<boolean> {
    return (await this.approve(name, row, options)) !== undefined;
  }

  /** The same, with the answer: on what evidence, whether by force, and until when it holds. */
  async approve(name: string, row: string, options: () => GateOptions): Promise<Answer | undefined> {
    return await this.questions.approve(name, row, options);
  }

  /** How often a gate was opened so far: each time is another occasion. */
  openings(gate: string): number {
    return this.desk.openingsOf(gate);
  }

  /** What becomes of a step that did not go well; to do it again is the caller's part. "abort" ends the run. */
  async decide(row: string, dilemma: Dilemma): Promise<Answer> {
    return await this.questions.decide(row, dilemma);
  }

  /** Items that somebody must acknowledge by name. False: the step before is to be done again. */
  async acknowledge(name: string, row: string, question: string, items: readonly Item[]): Promise<boolean> {
    return await this.questions.acknowledge(name, row, question, items);
  }

  /** One of several things. Undefined: the step before is to be done again. */
  async choose(name: string, row: string, question: string, items: readonly Item[]): Promise<string | undefined> {
    return await this.questions.choose(name, row, question, items);
  }

  /** Whether the last "retry" said `force`. */
  get forced(): boolean {
    return this.questions.forced;
  }

  /** Asks nothing any more. */
  dropQuestion(): void {
    this.desk.close();
    this.turned();
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

  /** What the result will hold beside the status, however the run ends. */
  report(facts: Facts): void {
    this.conclusion.report(facts);
  }

  /** What was reported, also before the run continued as new. */
  reported<T>(fact: string): T | undefined {
    return this.conclusion.reported<T>(fact);
  }

  /** Who writes the result down once there is one, however the run ended; what they say of it is part of it. Never fails. */
  reports(reporter: Reporter): void {
    this.conclusion.reports(reporter);
  }

  /** Something for the record. */
  note(text: string): void {
    this.inbox.note(text);
  }

  /** A change that a person made by an update; it stands in the record, and a new password in the plan. */
  recordUpdate(name: UpdateName, { by, reason }: Spoken, what: string, proof?: Proof): void {
    const at = new Date().toISOString();
    this.inbox.record({ gate: '', decision: name, by, claimed: !proof, reason: `${reason} (${what})`, at, ...proof });
    this.moved();
  }

  /** From here on the plan has this, also when the run continues as new. */
  amend(change: Change, { by, reason }: Spoken): void {
    this.changes.amend({ change, by, reason });
  }

  /** What a part of the run must not forget when it continues as new: JSON, changed in place. */
  kept<T extends object>(name: string, initial: T): T {
    this.keeps[name] ??= initial;
    return this.keeps[name] as T;
  }

  isKept(name: string): boolean {
    return this.keeps[name] !== undefined;
  }

  /** Whether the run may continue as new at any time, for instance by another version of the workers. */
  mayContinue(calm: boolean): void {
    this.continuation.mayContinue(calm);
  }

  /** Lets something go on beside the sequence, which waits for it only when the run continues as new. */
  beside(work: Promise<unknown>): void {
    this.continuation.beside(work);
  }

  private async admitted(): Promise<P> {
    this.display.begin(this.kind);
    const { namespace, workflowId, startTime } = workflowInfo();
    const start = { namespace, workflowId, at: startTime.toISOString() };
    const { plan, problems, requester } = await admit(this.reader, this.kind, this.spec, start);
    if (!plan || problems.length > 0) throw badSpec(this.kind, problems);
    this.requester = requester;
    this.changes.applyAll(plan);
    return plan;
  }

  private async ended(error: unknown, settle: Settle<P>): Promise<never> {
    const end = readEnd(error);
    const { outcome, message } = end;
    this.desk.close();
    this.steps.stop(outcome === 'cancelled' ? 'cancelled' : message);
    return await CancellationScope.nonCancellable(async () => {
      const task = await this.settled(end, settle);
      await this.locks.release();
      await this.tell(`${this.title} is ${outcome}: ${message}`);
      throw failureOf(end, this.title, await this.conclusion.conclude(outcome, { task, reason: message }));
    });
  }

  /** What became of the task. A run that failed by itself touches it no more. */
  private async settled(end: End, settle: Settle<P>): Promise<string> {
    if (!this.jobId && this.seek && mayHaveMade(end)) {
      try {
        const found = await this.seek();
        if (found) this.owns(found);
      } catch (error) {
        return `unknown, it may be there: ${readFailure(error).message}`;
      }
    }
    if (!this.jobId) return 'none';
    if (end.outcome === 'failed') return 'kept';
    return await settle(this, this.plan, this.jobId).catch(
      (error: unknown) => `kept: ${this.plan.onAbort} failed: ${readFailure(error).message}`,
    );
  }

  /** The news of the end. */
  private async tell(text: string): Promise<void> {
    const to = this.plan?.notify ?? [];
    if (to.length === 0) return;
    const news = { event: 'end', text, to } as const;
    await announceApart({ run: this.whereabouts, news }, text).catch(() => undefined);
  }

  private status(): Status {
    const { opening } = this.desk;
    return {
      kind: this.kind,
      name: this.title,
      place: this.proofs.place,
      ...(this.requester && { requested: this.requester }),
      ...(this.jobId && { jobId: this.jobId }),
      phase: opening ? 'waits for a person' : this.display.phase,
      since: this.display.since,
      steps: this.steps.view(),
      ...(opening && { gate: opening.view(Date.now()) }),
      decisions: this.inbox.decisions,
      refusedSignals: this.inbox.refusedSignals,
      ...this.conclusion.end,
    };
  }

  private carry(): Carried {
    return {
      steps: this.steps.carry(),
      desk: this.desk.carry(),
      record: { decisions: this.inbox.decisions, refusedSignals: this.inbox.refusedSignals },
      ...this.changes.carry(),
      ...(this.jobId && { jobId: this.jobId }),
      facts: this.conclusion.carry(),
      locks: this.locks.carry(),
      kept: this.keeps,
    };
  }

  /** Something that people see has changed. */
  private moved(): void {
    this.continuation.check();
    this.display.refresh();
  }

  /** A phase or a gate began or ended. */
  private turned(): void {
    this.display.turn();
    this.continuation.check();
  }
}
