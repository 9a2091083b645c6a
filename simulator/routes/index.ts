import { advanced } from './advanced.js';
import { comparisonResults } from './comparison-results.js';
import { connections } from './connections.js';
import { control } from './control.js';
import { creation } from './creation.js';
import { dataComparisons } from './data-comparison.js';
import { disasterRecovery } from './disaster-recovery.js';
import { lookups } from './lookups.js';
import { modification } from './modification.js';
import { objectComparisons } from './object-comparison.js';
import { objects } from './objects.js';
import { olderComparisons } from './older-comparison.js';
import { parameters } from './parameters.js';
import { policies } from './policies.js';
import { prechecks } from './precheck.js';
import { resources } from './resources.js';
import type { Routes } from './route.js';
import { settings } from './settings.js';
import { users } from './users.js';

/** Every call of DRS by method and path, written from the reference and not from drs/: only so can it catch a mistake there. */
export const routes: Routes = {
  ...resources,
  ...creation,
  ...modification,
  ...lookups,
  ...connections,
  ...objects,
  ...prechecks,
  ...settings,
  ...parameters,
  ...policies,
  ...advanced,
  ...users,
  ...control,
  ...dataComparisons,
  ...comparisonResults,
  ...objectComparisons,
  ...olderComparisons,
  ...disasterRecovery,
};

export { IAM_ROUTES } from './iam.js';
