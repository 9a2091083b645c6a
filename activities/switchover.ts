import { heartbeat, sleep } from '@temporalio/activity';
import { type Facts, type Named, readFacts } from './readiness-facts.js';
import { type Direction, hasFailed, notVerified, type ReadinessLimits } from './readiness-items.js';
import type { Services } from './services.js';

export interface SwitchedInput {
  readonly tasks: readonly Named[];
  readonly cloud?: string | undefined;
  /** The direction that they shall have. */
  readonly direction: Direction;
  /** Epoch ms; however long it takes when absent. */
  readonly until?: number;
}

/** A task after its switchover was asked for. */
export interface Switched {
  readonly jobId: string;
  /** Verified, moved on the way there, or still as it was. */
  readonly state: 'verified' | 'moved' | 'still';
  /** Why it is not verified. */
  readonly why: readonly string[];
  readonly facts: Facts;
}

const EVERY_MS = 5_000;
/** Reads in a row that must say that a switchover has ended without effect. */
const READS = 3;

/**
 * After an ambiguous reply: whether a switchover has begun, by the direction (6.1.20) and by what runs on the task (6.1.19). Ends
 * when all have, or when the time is over. Reads only.
 */
export const watchDirection =
  (services: Services, pace: number) =>
  async ({ tasks, cloud, direction, until = Number.POSITIVE_INFINITY }: SwitchedInput): Promise<Switched[]> => {
    const moved = new Map<string, Switched>();
    for (;;) {
      const facts = await readFacts(services, { tasks, cloud, monitoring: false });
      const seen = facts.map((one): Switched => {
        const state = one.direction === direction || one.action === SWITCHING ? 'moved' : 'still';
        if (state === 'moved') moved.set(one.jobId, { jobId: one.jobId, state, why: [], facts: one });
        return moved.get(one.jobId) ?? { jobId: one.jobId, state, why: [doing(one)], facts: one };
      });
      heartbeat({ note: seen.map(({ facts: { name }, state }) => `${name}: ${state}`).join(', ') });
      if (moved.size === tasks.length || Date.now() >= until) return seen;
      await sleep(Math.max(0, Math.min(EVERY_MS * pace, until - Date.now())));
    }
  };

const SWITCHING = 'SWITCH_OVER';

const doing = ({ trouble, direction = 'unknown', action }: Facts): string =>
  trouble !== undefined ? `cannot be read: ${trouble}` : `direction ${direction}, ${action ?? 'no operation'} running`;

export interface VerifyInput extends SwitchedInput {
  readonly limits: Pick<ReadinessLimits, 'rpo'>;
  /** Ids of tasks that were disturbed before: that they are so says nothing of the switchover. */
  readonly disturbed?: readonly string[];
}

/**
 * Until all tasks are where they must be: the direction of 6.1.20 and is_target_readonly with it, INCRE_TRANSFER_STARTED, the RPO
 * below its limit. Ends before its time where each of the others has given up: it has failed, and nothing was turned round.
 */
export const verifySwitchover =
  (services: Services, pace: number) =>
  async ({
    tasks,
    cloud,
    direction,
    limits,
    disturbed = [],
    until = Number.POSITIVE_INFINITY,
  }: VerifyInput): Promise<Switched[]> => {
    const verified = new Map<string, Switched>();
    const ran = new Set<string>();
    const over = new Map<string, number>();
    for (;;) {
      const open = tasks.filter(({ jobId }) => !verified.has(jobId));
      const facts = await readFacts(services, { tasks: open, cloud, monitoring: false });
      const seen = facts.map((one): Switched => {
        const { jobId } = one;
        const why = notVerified(one, direction, limits);
        const state = why.length === 0 ? 'verified' : one.direction === direction ? 'moved' : 'still';
        if (one.action === SWITCHING) ran.add(jobId);
        const could = ran.has(jobId) || !disturbed.includes(jobId);
        const ended = could && !one.action && one.trouble === undefined && state === 'still' && hasFailed(one);
        over.set(jobId, ended ? (over.get(jobId) ?? 0) + 1 : 0);
        return { jobId, state, why, facts: one };
      });
      for (const one of seen) if (one.state === 'verified') verified.set(one.jobId, one);
      const rest = seen.filter(({ state }) => state !== 'verified');
      heartbeat({ note: `${verified.size} of ${tasks.length} verified${noted(rest)}` });
      const givenUp = rest.length > 0 && rest.every(({ jobId }) => (over.get(jobId) ?? 0) >= READS);
      if (rest.length === 0 || givenUp || Date.now() >= until)
        return tasks.map(({ jobId }) => verified.get(jobId) ?? (rest.find((one) => one.jobId === jobId) as Switched));
      await sleep(Math.max(0, Math.min(EVERY_MS * pace, until - Date.now())));
    }
  };

const noted = ([first]: readonly Switched[]): string => (first ? `; ${first.facts.name}: ${first.why.join(', ')}` : '');
