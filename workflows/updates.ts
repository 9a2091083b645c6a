import { ActivityFailure, ApplicationFailure, condition, setHandler } from '@temporalio/workflow';
import type { TaskSeen } from '../activities/permit.js';
import { PASSWORD_CHANGEABLE, PAUSED, RETRYABLE, RUNNING } from '../drs/statuses.js';
import { local, prompt } from './activities.js';
import { readFailure } from './failure.js';
import { changeUpdate, type Proof, UPDATES, type UpdateName, type UpdateReceipt } from './messages.js';
import type { PlanBase } from './plans/common.js';
import { readUpdate, type UpdateForm } from './plans/updates.js';
import type { Run } from './run.js';
import type { Task } from './steps/task.js';

/** A change of a running task: in which statuses it is possible, by which call, and what it does to each task. */
export interface Change<N extends UpdateName> {
  /** The call that the worker's policy and rules are asked about. */
  readonly operation: string;
  readonly statuses: readonly string[] | 'any';
  /** Why it can't be done, beyond its form. */
  readonly problem?: (said: UpdateForm<N>) => string | undefined;
  /** The tasks that it is about. */
  readonly tasks: (said: UpdateForm<N>) => readonly Task[];
  /** The call's request, for the policy and its look at secrets. */
  readonly request: (task: Task, said: UpdateForm<N>) => unknown;
  /** What the lock is for, as the end of a sentence. */
  readonly reason: string;
  /** Does it, and says in a few words what became of it. */
  readonly act: (task: Task, said: UpdateForm<N>, seen: TaskSeen) => Promise<string>;
  /** After all tasks have it. */
  readonly after?: (said: UpdateForm<N>) => void;
  /** It goes on by itself after the answer. */
  readonly lasts?: true;
  /** It takes the lock by itself, later. */
  readonly locks?: false;
}

export type Changes = { readonly [N in UpdateName]?: Change<N> };

const DESCRIPTIONS: Readonly<Record<UpdateName, string>> = {
  pause:
    'Pause the task: { "by": "your-name", "reason": "why", "mode": "target" }; mode all stops the capture of logs, too',
  resume: 'Resume a paused task, retry a failed one: { "by": "your-name", "reason": "why" }',
  limitSpeed:
    'Limit the speed, UTC: { "by": …, "reason": …, "speed": [{ "begin": "08:00", "end": "17:59", "speed": 10 }] }; [] lifts it',
  rotatePassword: 'Use other passwords: { "by": …, "reason": …, "source": { "secret": "NAME" } }; target likewise',
  edit: 'Synchronise other objects: { "by": …, "reason": …, "objects": [{ "database": "orders" }] }; or policies',
  end: 'End the task; it cannot be undone: { "by": "your-name", "reason": "why" }',
};

/** Statuses from which nothing can be changed any more, or not yet. */
export const STATUSES = {
  pause: RUNNING,
  resume: [PAUSED, ...RETRYABLE],
  limitSpeed: [...RUNNING, ...RETRYABLE, PAUSED, 'STARTJOBING', 'WAITING_FOR_START'],
  rotatePassword: PASSWORD_CHANGEABLE,
  edit: ['INCRE_TRANSFER_STARTED', 'INCRE_TRANSFER_FAILED'],
} as const;

/** A run that has just continued as new supervises within a moment. */
const SOON = '1 minute';

/**
 * What people change in a task while it is supervised. Each update is validated, allowed by the worker's policy and rules, done
 * under the task's lock, one after another, and recorded; what is refused changes nothing.
 */
export class Updates {
  private changes: Changes | undefined;
  /** The run goes on from one that supervised: it is about to do so, too. */
  private expected: boolean;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly run: Run<PlanBase>,
    /** Why a kind lacks one. */
    private readonly lacks: Partial<Readonly<Record<UpdateName, string>>> = {},
  ) {
    this.expected = run.isKept('supervision');
    for (const name of UPDATES)
      setHandler(changeUpdate(name), (payload) => this.inTurn(() => this.answer(name, payload)), {
        description: DESCRIPTIONS[name],
        validator: (payload: unknown) => {
          const why = this.problem(name, payload);
          if (why) throw refused(why);
        },
      });
  }

  /** From here on they are possible. */
  begin(changes: Changes): void {
    this.changes = changes;
  }

  end(): void {
    this.changes = undefined;
    this.expected = false;
  }

  private problem(name: UpdateName, payload: unknown): string | undefined {
    const lack = this.lacks[name];
    if (lack) return lack;
    const said = readUpdate(name, payload);
    if (typeof said === 'string') return said;
    const change = this.changes?.[name] as Change<UpdateName> | undefined;
    if (!change && this.expected) return undefined;
    if (!change)
      return 'the task is not supervised now: updates are possible once it runs, in a run with supervise: true';
    return change.problem?.(said);
  }

  private async answer(name: UpdateName, payload: unknown): Promise<UpdateReceipt> {
    if (this.expected) await condition(() => this.changes !== undefined || !this.expected, SOON);
    this.expected = false;
    // While it waited, another may have made it impossible.
    const why = this.problem(name, payload);
    if (why) throw refused(why);
    try {
      const said = readUpdate(name, payload) as UpdateForm<UpdateName>;
      return await this.make(name, this.changes?.[name] as Change<UpdateName>, said);
    } catch (error) {
      if (error instanceof ApplicationFailure) throw error;
      if (!(error instanceof ActivityFailure)) throw refused(readFailure(error).message);
      const { type, message } = readFailure(error);
      throw ApplicationFailure.nonRetryable(message, type);
    }
  }

  private async make<N extends UpdateName>(name: N, change: Change<N>, said: UpdateForm<N>): Promise<UpdateReceipt> {
    const tasks = change.tasks(said);
    const seen = await this.permitted(change, said, tasks);
    const { proof, ...approvals } = await this.approved(name, change, said, seen);
    if (!approvals.enough) {
      this.run.recordUpdate(name, said, `asks for it, ${approvals.count}`, proof);
      return { accepted: true, done: false, approvals: approvals.count, message: 'another must ask for the same' };
    }
    const became: string[] = [];
    for (const [index, task] of tasks.entries()) {
      const act = () => change.act(task, said, seen[index] ?? { jobId: task.jobId });
      const { by, reason: why, takeOver } = said;
      const did =
        change.locks === false
          ? await act()
          : await this.run.locked(task.jobId, change.reason, act, takeOver ? { by, why } : undefined);
      became.push(tasks.length > 1 ? `${task.jobId}: ${did}` : did);
    }
    change.after?.(said);
    const message = became.join('; ');
    this.run.recordUpdate(name, said, message, proof);
    return { accepted: true, done: !change.lasts, approvals: approvals.count, message };
  }

  /** What the policy says, and how the tasks stand: by a fresh look at them. */
  private async permitted<N extends UpdateName>(
    { operation, statuses, request }: Change<N>,
    said: UpdateForm<N>,
    tasks: readonly Task[],
  ): Promise<readonly TaskSeen[]> {
    const cloud = tasks[0]?.cloud;
    const requests = tasks.map((task) => request(task, said));
    const { permission, why, tasks: seen } = await prompt.permit({ operation, requests, ...(cloud && { cloud }) });
    if (permission === 'deny') throw refused(`${operation} is denied: ${why}`, 'drs.denied');
    for (const { jobId, status, trouble } of seen) {
      if (trouble) throw refused(`${jobId} cannot be read: ${trouble}`);
      if (statuses !== 'any' && status && !statuses.includes(status))
        throw refused(`${jobId} is ${status}; this is possible only in ${statuses.join(', ')}`, 'drs.wrongState');
    }
    return seen;
  }

  /**
   * Whoever asks approves it. Where the rules want more, each must ask for exactly the same. Under four eyes who asked first has
   * requested it, and the approvals are those of others.
   */
  private async approved<N extends UpdateName>(
    name: N,
    { operation }: Change<N>,
    said: UpdateForm<N>,
    seen: readonly TaskSeen[],
  ): Promise<{ enough: boolean; count: string; proof?: Proof | undefined }> {
    const { by, reason: _, time: __, signature: ___, ...what } = said;
    const tasks = seen.flatMap((task) => task.name ?? []);
    const gate = name.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`);
    const { kind, title, proofs } = this.run;
    const rule = await local.gateRule({ kind, name: title, gate, operation, tasks });
    if (rule.members && !rule.members.includes(by)) throw refused(`${by} is not in the group ${rule.group}`);
    const proof = proofs.ofUpdate(name, said, rule.keys, Date.now());
    if (typeof proof === 'string') throw refused(proof);
    if (proof) proofs.count(by, proof);
    const asked = this.run.kept<Record<string, string[]>>('updates', {});
    const key = `${name} ${JSON.stringify(what)}`;
    const who = [...new Set([...(asked[key] ?? []), by])];
    const needed = rule.approvals + (rule.fourEyes ? 1 : 0);
    const enough = who.length >= needed;
    // Only the latest change that waits for others counts: an old approval must not meet a new one.
    for (const other of Object.keys(asked)) delete asked[other];
    if (!enough) asked[key] = who;
    return { enough, count: `${who.length} of ${needed}`, proof };
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.turn.then(work);
    this.turn = mine.catch(() => undefined);
    return await mine;
  }
}

const refused = (why: string, type = 'drs.refused'): ApplicationFailure => ApplicationFailure.nonRetryable(why, type);
