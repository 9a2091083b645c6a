import { z } from 'zod';
import { readWindow, type Window } from '../window.js';
import { Duration, type Problem, type Raw } from './common.js';
import { asArray, asObject } from './requests.js';

const MINUTE_MS = 60_000;

/** So long from the beginning of the night (ms), or a span of the day there. */
export type NightWindow = { readonly length: number } | Window;

const NightWindow = z.string().transform((text, context): NightWindow => {
  const tell = (message: string) => {
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  };
  const duration = Duration.safeParse(text);
  if (duration.success)
    return duration.data >= MINUTE_MS
      ? { length: duration.data }
      : tell('must be a minute at least: a comparison takes that even of one row');
  const window = readWindow(text);
  if (typeof window !== 'string') return window;
  return tell(
    window.startsWith('must be a window')
      ? 'must be a duration, 4h, or hours with their zone: 01:00–05:00 Asia/Shanghai'
      : window,
  );
});

/** What a night may cost, where values are too slow to be compared all in one. */
export const Budget = z.strictObject({
  window: NightWindow.meta({
    description:
      'How long a night may take, 4h from its beginning, or between which hours: 01:00–05:00 Asia/Shanghai. What is not over by then is cancelled.',
  }),
  nights: z
    .int()
    .min(1)
    .max(366)
    .default(7)
    .meta({ description: 'Within so many nights the values of every table are compared.' }),
  perTask: z
    .int()
    .min(1)
    .max(100)
    .default(100)
    .meta({ description: 'Tables of a task that are compared at the same time: what one comparison names at most.' }),
});
export type Budget = z.output<typeof Budget>;

/** Rules of a budget, on the raw spec. */
export function budgetProblems({ budget, store, within, compare: given }: Raw): Problem[] {
  if (budget === undefined) return [];
  const compare = asObject(given);
  const kinds = asArray(compare['kinds'] ?? ['objects', 'lines']);
  const problems: Problem[] = [];
  const tell = (path: string, message: string) => problems.push({ path, message });
  if (store === undefined) tell('budget', 'works only with a store: there is kept what was compared when');
  if (!kinds.includes('contents') || !kinds.includes('lines'))
    tell('compare.kinds', 'needs lines and contents with a budget: rows are counted first, values have their turns');
  if (compare['startAt'] !== undefined)
    tell('compare.startAt', 'does not go with a budget: its window says when values are compared');
  if (compare['form'] === 'older') tell('compare.form', 'does not go with a budget: leave it out');
  const window = Duration.safeParse(asObject(budget)['window']);
  const limit = Duration.safeParse(within ?? '12h');
  if (window.success && limit.success && window.data > limit.data)
    tell('budget.window', `is longer than all of it may take: within is ${within ?? '12h'}`);
  return problems;
}
