import { ApplicationFailure, CancellationScope, condition, defineSignal, setHandler } from '@temporalio/workflow';
import { z } from 'zod';
import type { Item, Result } from '../../workflows/messages.js';
import { Gate, planBase } from '../../workflows/plans/common.js';
import { type Carried, Run } from '../../workflows/run.js';

export * from '../../workflows/index.js';

/** What the evidence becomes; null: it can't be read any more. */
export const evolve = defineSignal<[readonly Item[] | null]>('evolve');

/** What goes on beside the sequence is over. */
export const asideDone = defineSignal('asideDone');

const schema = z.strictObject({
  ...planBase('switchover'),
  gate: Gate.prefault({}),
  items: z.array(z.strictObject({ item: z.string(), class: z.enum(['ok', 'warning', 'blocking']), value: z.string() })),
  forcible: z.array(z.string()).optional(),
  aside: z.boolean().optional(),
});

/** A run that only asks, at a gate with everything that a gate can have; the test says how its evidence evolves. */
export async function asking(spec: unknown, carried?: Carried): Promise<Result> {
  const run = new Run('switchover', { schema, problems: () => [] }, spec, carried);
  const evolved: (readonly Item[] | null)[] = [];
  setHandler(evolve, (items) => void evolved.push(items));
  let done = carried !== undefined;
  setHandler(asideDone, () => {
    done = true;
  });
  const evolves = async (): Promise<readonly Item[]> => {
    await condition(() => evolved.length > 0);
    const items = evolved.shift();
    if (!items) throw ApplicationFailure.nonRetryable('DRS refuses to tell');
    return items;
  };
  return await run.conduct(
    async ({ gate, items, forcible, aside }) => {
      if (aside) run.beside(CancellationScope.nonCancellable(() => condition(() => done)));
      for (;;) {
        const options = { question: 'Switch over?', ask: gate, items, evolves, ...(forcible && { forcible }) };
        const answer = await run.approve('switchover', 'Approval', () => options);
        if (answer) return { task: 'none', answer };
      }
    },
    async () => 'none',
  );
}
