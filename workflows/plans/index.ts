import { comparisonSpec } from './comparison.js';
import { disasterRecoverySpec } from './disaster-recovery.js';
import { migrationSpec } from './migration.js';
import { operationSpec } from './operation.js';
import { switchoverSpec } from './switchover.js';
import { synchronizationSpec } from './synchronization.js';

/** Every kind of spec, by the name that `kind:` has. */
export const kinds = {
  migration: migrationSpec,
  synchronization: synchronizationSpec,
  'disaster-recovery': disasterRecoverySpec,
  comparison: comparisonSpec,
  switchover: switchoverSpec,
  operation: operationSpec,
} as const;

export type Kind = keyof typeof kinds;
export { readSpec } from './common.js';
