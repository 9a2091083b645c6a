import { createHash } from 'node:crypto';
import { activityInfo, cancellationSignal, heartbeat, sleep } from '@temporalio/activity';
import type { RunAt } from './hold-gate.js';
import type { Services } from './services.js';

/** One call of a hook, as a workflow asks for it. */
export interface HookCall {
  /** Name of a hook of the worker's configuration. */
  readonly hook: string;
  readonly phase: 'before' | 'after';
  /** What of the run it belongs to, `cutover#1`: a call is one by its run, occasion, phase and hook, however often it is tried. */
  readonly occasion: string;
  /** In a drill only hooks that are declared drill-safe are called. */
  readonly drill: boolean;
  readonly tasks: readonly { readonly jobId: string; readonly name?: string }[];
  readonly run: RunAt;
  /** The first run id of the workflow, stable over continue-as-new and reset. */
  readonly first: string;
}

/** What a hook is told; it is the same at every try. */
export interface HookFacts extends RunAt {
  readonly hook: string;
  readonly phase: 'before' | 'after';
  readonly occasion: string;
  readonly drill: boolean;
  readonly tasks: HookCall['tasks'];
  /** Also the header `Idempotency-Key`: a receiver that knows it has done this already. */
  readonly key: string;
  /** The run in the Temporal UI. */
  readonly link?: string;
}

export interface HookDone {
  /** False where a drill left it out. */
  readonly called: boolean;
  readonly tries: number;
  readonly status?: number;
}

/** A hook of the worker's configuration. */
export interface Hook {
  readonly drillSafe: boolean;
  /** Further tries after one that failed. */
  readonly retries: number;
  /** One try, within the hook's own time limit. @throws HookError. */
  call(facts: HookFacts, signal: AbortSignal): Promise<{ readonly status: number }>;
}

/** @throws HookError where the configuration has no such hook. */
export type Hooks = (name: string) => Hook;

/** Says which hook failed and how. Holds neither addresses nor keys. */
export class HookError extends Error {
  override readonly name = 'HookError';

  constructor(
    readonly hook: string,
    readonly reason: string,
    /** Whether another try may help. */
    readonly again: boolean,
  ) {
    super(`hook "${hook}": ${reason}`);
  }
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/**
 * Calls a hook until it answers with 2xx, as often as its entry allows. A worker that is killed meanwhile makes the call again, under the
 * same key.
 */
export const callHook =
  (services: Services, pace: number) =>
  async ({ hook: name, run, first, ...call }: HookCall): Promise<HookDone> => {
    const hook = services.hook(name);
    const before = activityInfo().heartbeatDetails as { failed?: number } | undefined;
    let failed = before?.failed ?? 0;
    if (call.drill && !hook.drillSafe) return { called: false, tries: 0 };
    const key = `drs-pilot-${hash([run.workflowId, first, call.occasion, call.phase, name])}`;
    const link = services.link(run);
    const facts: HookFacts = { hook: name, ...call, ...run, key, ...(link && { link }) };
    for (;;) {
      try {
        const { status } = await hook.call(facts, cancellationSignal());
        return { called: true, tries: failed + 1, status };
      } catch (error) {
        if (!(error instanceof HookError)) throw error;
        failed += 1;
        heartbeat({ failed });
        if (!error.again || failed > hook.retries) throw failed > 1 ? tired(error, failed) : error;
      }
      await sleep(Math.min(FIRST_PAUSE_MS * 2 ** (failed - 1), LONGEST_PAUSE_MS) * pace);
    }
  };

const hash = (parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);

const tired = ({ hook, reason }: HookError, tries: number): HookError =>
  new HookError(hook, `${reason} (${tries} tries)`, false);
