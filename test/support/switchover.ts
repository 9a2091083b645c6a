import type { SwitchoverReport } from '../../activities/switchover-result.js';
import type { Simulator } from '../../simulator/server.js';
import type { Result } from '../../workflows/messages.js';
import type { Pilot, Run } from './harness.js';

type Raw = Readonly<Record<string, unknown>>;

/** A disaster recovery that is in place, this cloud the standby. */
export function protectedTask(simulator: Simulator, name: string, more: Raw = {}): string {
  const { id } = simulator.createForeign({
    name,
    status: 'INCRE_TRANSFER_STARTED',
    db_use_type: 'cloudDataGuard',
    engine_type: 'cloudDataGuard-mysql',
    multi_write: false,
    ...more,
  });
  simulator.patch(id, { delay: 1 });
  return id;
}

export const switchoverSpec = (more: Raw = {}) => ({
  kind: 'switchover',
  name: 'region-down',
  direction: 'down',
  settle: '1s',
  within: '60s',
  ...more,
});

export const start = (pilot: Pilot, spec: unknown): Promise<Run> => pilot.start(spec, { workflow: 'switchover' });

/** Approves what the gate shows now. */
export async function approve(run: Run, gate = 'switchover', more: Raw = {}): Promise<void> {
  const { evidence } = await run.gate(gate);
  await run.decide(gate, 'approve', { snapshot: evidence.snapshot, ...more });
}

export const reportOf = (result: Result): SwitchoverReport =>
  (result as Result & { switchover: SwitchoverReport }).switchover;

/** Switchover requests that arrived, each with its tasks. */
export const requests = (simulator: Simulator) =>
  simulator.journal().filter(({ operation }) => operation === 'batchSwitchover');

/** Items of a gate by name, with their classes. */
export const classes = ({ evidence }: Awaited<ReturnType<Run['gate']>>): Record<string, string> =>
  Object.fromEntries(evidence.items.map((one) => [one.item, one.class]));
