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
