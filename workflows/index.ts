export { comparison } from './comparison.js';
export { disasterRecovery } from './disaster-recovery.js';
export { jobLock } from './job-lock.js';
export { migration } from './migration.js';
export { operation } from './operation.js';
export { synchronization } from './synchronization.js';
export { taskComparison } from './task-comparison.js';
export { validate } from './validate.js';
