import type { OperationName } from './index.js';

/** Calls that change nothing. */
export const READS: readonly OperationName[] = [
  'showQuotas',
  'listAvailableZone',
  'batchListProgresses',
  'batchListRposAndRtos',
  'batchCheckResults',
  'batchShowParams',
  'listCompareResult',
  'showJobList',
  'batchListJobDetails',
  'batchListJobStatus',
  'listAvailableNodeTypes',
  'selectGroupAndStream',
  'listDataLevelTableCompareJobs',
  'listDataCompareOverview',
  'listDataCompareDetail',
  'listContentCompareOverview',
  'listContentCompareDetail',
  'listContentCompareDifference',
  'listObjectLevelCompareOverview',
  'listObjectLevelCompareDetail',
  'downloadCompareResultFile',
  'listUsers',
  'queryTuningParams',
  'showMonitoringData',
  'batchListStructProcess',
  'batchListStructDetail',
];

/** Comparisons: they change no task, and go wrong where one is paused, switched or ended meanwhile. */
export const COMPARES: readonly OperationName[] = [
  'createCompareTask',
  'createDataLevelTableCompareJob',
  'startPromptlyDataLevelTableCompareJob',
  'createObjectLevelCompareJob',
];

const STATUS = 'the status of the task (batchListJobStatus)';
const COMPARISONS = 'the list of its comparisons (listDataLevelTableCompareJobs)';

/** Where it shows whether a call was done that must not be sent twice: what to look at when its reply was lost. */
export const SHOWS_IN: Readonly<Record<string, string>> = {
  batchCreateJobs: 'the list of tasks for the name (showJobList)',
  batchStartJobs: STATUS,
  batchRestoreTask: STATUS,
  batchStopJobs: STATUS,
  batchDeleteJobs: STATUS,
  batchSwitchover: 'the direction of the task, job_direction (batchListJobDetails)',
  batchChangeData: 'the row filters of the task, data_transformation (batchListJobDetails)',
  createCompareTask: 'the list of its comparisons (listCompareResult)',
  createDataLevelTableCompareJob: COMPARISONS,
  startPromptlyDataLevelTableCompareJob: COMPARISONS,
  deleteCompareJob: COMPARISONS,
  createObjectLevelCompareJob: 'its latest object comparison (listObjectLevelCompareOverview)',
  createCompareResultFile: 'export_status in the list of its comparisons (listDataLevelTableCompareJobs)',
};
