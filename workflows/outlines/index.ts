import type { Kind } from '../plans/index.js';
import { outline as comparison } from './comparison.js';
import { outline as disasterRecovery } from './disaster-recovery.js';
import { outline as migration } from './migration.js';
import { outline as operation } from './operation.js';
import type { Row } from './row.js';
import { outline as switchover } from './switchover.js';
import { outline as synchronization } from './synchronization.js';

const outlines = {
  migration,
  synchronization,
  'disaster-recovery': disasterRecovery,
  comparison,
  switchover,
} as const;

/** What a run of this kind will do with a plan that its own schema has read; `asks` is for an operation. */
export const outlineOf = (kind: Kind, plan: unknown, asks?: boolean): Row[] =>
  kind === 'operation' ? operation(plan as never, asks) : outlines[kind](plan as never);

export type { AskedGate, Call, Row } from './row.js';
