import { advanced } from './advanced.js';
import { comparisons } from './comparison.js';
import { olderComparisons } from './comparison-v1.js';
import { connections } from './connections.js';
import { control } from './control.js';
import { disasterRecovery } from './disaster-recovery.js';
import { objects } from './objects.js';
import { prechecks } from './precheck.js';
import { resources } from './resources.js';
import type { Routes } from './route.js';
import { settings } from './settings.js';
import { tasks } from './tasks.js';
import { users } from './users.js';

/** Every call of DRS by method and path, written from the reference and not from drs/: only so can it catch a mistake there. */
export const routes: Routes = {
  ...resources,
  ...tasks,
  ...connections,
  ...objects,
  ...prechecks,
  ...settings,
  ...advanced,
  ...users,
  ...control,
  ...comparisons,
  ...olderComparisons,
  ...disasterRecovery,
};

export { IAM_ROUTES } from './iam.js';
