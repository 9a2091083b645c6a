import { setTimeout as delay } from 'node:timers/promises';
import { CommandError, type Context, EXIT } from './command.js';
import type { Temporal } from './connect.js';
import { explain } from './errors.js';
import { type Output, plain } from './output.js';
import { bar, clock, renderRun, says } from './render.js';
import { type LiveRow, type RunView, readRun, standing } from './run-view.js';

const EVERY_MS = 1_000;
/** A server that restarts is waited for; one that is gone ends the watch. */
const GONE_AFTER_MS = 300_000;

export type Show = (view: RunView) => void;

/** How a run is shown: a table drawn anew on a terminal, one line per change elsewhere, one object per change with --json. */
export const showOn = (output: Output): Show =>
  output.json ? objects(output) : output.live ? drawing(output) : lines(output);

/**
 * Reads a run until it ends or `until` says so, and gives what was seen last. A Temporal that restarts is waited for.
 * Throws CommandError (130) when it is interrupted.
 */
export async function watchRun(
  { output, interrupted }: Pick<Context, 'output' | 'interrupted'>,
  temporal: Temporal,
  workflowId: string,
  { show = showOn(output), until = () => false }: { show?: Show; until?: (view: RunView) => boolean } = {},
): Promise<RunView> {
  const signal = interrupted();
  let heard = Date.now();
  for (;;) {
    try {
      const view = await readRun(temporal, workflowId);
      heard = Date.now();
      show(view);
      if (view.closed || until(view)) return view;
    } catch (error) {
      const known = explain(error);
      if (known.exit !== EXIT.unreachable || Date.now() - heard > GONE_AFTER_MS) throw known;
      output.say(`${known.message} Watching goes on.`);
    }
    await delay(EVERY_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) throw new CommandError(EXIT.interrupted, `The run goes on: drs-pilot watch ${workflowId}`);
  }
}

function objects(output: Output): Show {
  let last = '';
  return (view) => {
    const { activities: _, ...shown } = view;
    const text = JSON.stringify(shown);
    if (text !== last) output.result(shown, '');
    last = text;
  };
}

/** Draws over what it drew before; never more than fits, or the terminal would scroll away from it. */
function drawing(output: Output): Show {
  let drawn = 0;
  return (view) => {
    const { columns, rows } = output.size;
    const wrapped = renderRun(view).split('\n');
    const shown = wrapped.slice(0, Math.max(5, rows - 2));
    // Wrapped lines take several rows; a style's escapes take none.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escapes of styles
    const taken = shown.map((line) => Math.max(1, Math.ceil(line.replace(/\u001b\[\d+m/g, '').length / columns)));
    output.draw(`${drawn > 0 ? `\u001b[${drawn}A` : ''}\u001b[J${shown.join('\n')}\n`);
    drawn = taken.reduce((sum, count) => sum + count, 0);
  };
}

/** For logs: a line for each step that changes. */
function lines(output: Output): Show {
  const told = new Map<string, string>();
  const tell = (key: string, value: string, text: string) => {
    if (told.get(key) === value) return;
    told.set(key, value);
    output.result(undefined, `${clock(new Date().toISOString())} ${text}`);
  };
  return (view) => {
    const { steps, phase, gate, answered, execution, closed, failure, stuck } = view;
    if (!answered)
      tell('worker', 'none', stuck ? plain(standing(stuck)) : `no worker answers; the server knows: ${phase}`);
    else told.delete('worker');
    for (const row of steps) if (row.state !== 'pending') tell(row.step, changeOf(row), lineOf(row));
    if (gate) tell('gate', `${gate.id} ${gate.approvals}`, `${gate.id} waits for a person: ${plain(gate.question)}`);
    if (closed) tell('end', execution, `${execution.toLowerCase()}${failure ? `: ${plain(failure)}` : ''}`);
  };
}

/** A delay changes with every look: only its magnitude counts. */
const changeOf = ({ state, progress, note, attempt, delaySeconds }: LiveRow): string =>
  JSON.stringify([
    state,
    progress,
    note,
    attempt,
    delaySeconds === undefined ? null : Math.ceil(Math.log10(delaySeconds + 1)),
  ]);

function lineOf(row: LiveRow): string {
  const { step, state, progress, took } = row;
  const how = state === 'running' && progress !== undefined ? bar(progress) : took ? `(${took})` : '';
  return [step, state, how, says(row)].filter(Boolean).join(' ');
}
