import { heartbeat, sleep } from '@temporalio/activity';
import { type Facts, type FactsAsked, type Named, readFacts } from './readiness-facts.js';
import {
  byClass,
  type Direction,
  type ReadinessItem,
  type ReadinessLimits,
  readinessItems,
} from './readiness-items.js';
import type { Services } from './services.js';

export interface ReadinessInput {
  readonly tasks: readonly Named[];
  readonly cloud?: string | undefined;
  /** The direction that they shall have. */
  readonly direction: Direction;
  readonly limits: ReadinessLimits;
  /** First run id of whoever asks: its own locks are no news. */
  readonly owner: string;
}

export interface Readiness {
  /** Those that somebody must look at come first. */
  readonly items: readonly ReadinessItem[];
  readonly tasks: readonly Facts[];
}

export interface WatchReadinessInput extends ReadinessInput {
  /** What is known: items with their classes. */
  readonly shown: readonly Pick<ReadinessItem, 'item' | 'class'>[];
}

/** A reading that has bad luck is tried again so often, at once: whoever approved waits for it. */
const TRIES = 3;
const AGAIN_MS = 200;
const EVERY_MS = 15_000;
/** So long what was read counts where a later reading has bad luck. */
const FRESH_MS = 60_000;
const COMPARISONS_EVERY_MS = 300_000;

/** Whether tasks can be switched over, as of now. */
export const checkReadiness =
  (services: Services) =>
  async (input: ReadinessInput): Promise<Readiness> => {
    let facts = await readFacts(services, asked(input));
    for (let tries = 1; tries < TRIES && facts.some(isTroubled); tries += 1) {
      await sleep(AGAIN_MS);
      facts = merged(facts, await readFacts(services, { ...asked(input), tasks: facts.filter(isTroubled) }));
    }
    return judged(input, facts);
  };

/** Reads again and again until an item has another class than shown, or the set of items is another. One activity however long. */
export const watchReadiness =
  (services: Services, pace: number) =>
  async (input: WatchReadinessInput): Promise<Readiness> => {
    const { shown } = input;
    let last: readonly Facts[] = [];
    let comparedAt = Number.NEGATIVE_INFINITY;
    for (;;) {
      const comparisons = Date.now() - comparedAt >= COMPARISONS_EVERY_MS * pace;
      if (comparisons) comparedAt = Date.now();
      const read = await readFacts(services, { ...asked(input), comparisons });
      last = read.map((facts, index) => freshest(facts, last[index], comparisons, FRESH_MS * pace));
      const readiness = judged(input, last);
      heartbeat({ note: summary(readiness.items) });
      if (isChange(shown, readiness.items)) return readiness;
      await sleep(EVERY_MS * pace);
    }
  };

const asked = ({ tasks, cloud, owner }: ReadinessInput): FactsAsked => ({ tasks, cloud, owner, comparisons: true });

const judged = ({ direction, limits }: ReadinessInput, tasks: readonly Facts[]): Readiness => ({
  items: byClass(tasks.flatMap((facts) => readinessItems(facts, direction, limits))),
  tasks,
});

const isTroubled = ({ trouble, unread }: Facts): boolean => trouble !== undefined || unread !== undefined;

const merged = (before: readonly Facts[], now: readonly Facts[]): Facts[] =>
  before.map((facts) => now.find(({ jobId }) => jobId === facts.jobId) ?? facts);

/** What could not be read just now counts as it was read before, for a while. */
function freshest(now: Facts, before: Facts | undefined, compared: boolean, freshMs: number): Facts {
  if (!before) return now;
  if (isTroubled(now)) return Date.parse(now.at) - Date.parse(before.at) <= freshMs ? before : now;
  return compared || !before.comparison ? now : { ...now, comparison: before.comparison };
}

function isChange(shown: WatchReadinessInput['shown'], now: readonly ReadinessItem[]): boolean {
  const classes = new Map(shown.map((one) => [one.item, one.class]));
  return now.length !== classes.size || now.some((one) => classes.get(one.item) !== one.class);
}

/** `2 blocking, 1 warning, 13 ok` */
export const summary = (items: readonly ReadinessItem[]): string =>
  (['blocking', 'warning', 'ok'] as const)
    .map((c) => [items.filter((one) => one.class === c).length, c] as const)
    .filter(([count]) => count > 0)
    .map(([count, c]) => `${count} ${c}`)
    .join(', ');
