import { describe, expect, test } from 'vitest';
import {
  DELETABLE,
  FAILED,
  groupOf,
  meaningOf,
  RETRYABLE,
  RUNNING,
  STATUSES,
  TASK_STATUSES,
} from '../../drs/statuses.js';
import { verdict, type WaitName, waits } from '../../drs/waits.js';

test('the 29 statuses of 6.1.19 are known, each with a meaning', () => {
  expect(TASK_STATUSES).toHaveLength(29);
  for (const { meaning } of Object.values(STATUSES)) expect(meaning).not.toBe('');
});

test('both spellings of a failed start are the same status', () => {
  expect(groupOf('STARTJOB_FAILED')).toBe('failed');
  expect(meaningOf('STARTJOB_FAILED')).toBe(meaningOf('START_JOB_FAILED'));
  expect(RETRYABLE).toEqual(expect.arrayContaining(['STARTJOB_FAILED', 'START_JOB_FAILED']));
  expect(FAILED).toEqual(expect.arrayContaining(['STARTJOB_FAILED', 'START_JOB_FAILED']));
});

test('an unknown status has no group and says so', () => {
  expect(groupOf('A_STATUS_OF_TOMORROW')).toBeUndefined();
  expect(meaningOf('A_STATUS_OF_TOMORROW')).toContain('A_STATUS_OF_TOMORROW');
  expect(groupOf('toString')).toBeUndefined();
  expect(meaningOf('toString')).toContain('toString');
});

test('a task that could not be created can be deleted and not retried', () => {
  expect(DELETABLE).toContain('CREATE_FAILED');
  expect(RETRYABLE).not.toContain('CREATE_FAILED');
  expect(RUNNING).not.toContain('CONFIGURATION');
});

describe('waits', () => {
  test.each<[WaitName, string, 'reached' | 'failed' | 'pending']>([
    ['created', 'CREATING', 'pending'],
    ['created', 'CONFIGURATION', 'reached'],
    ['created', 'CREATE_FAILED', 'failed'],
    ['transferring', 'STARTJOBING', 'pending'],
    ['transferring', 'WAITING_FOR_START', 'pending'],
    ['transferring', 'FULL_TRANSFER_STARTED', 'reached'],
    ['transferring', 'INCRE_TRANSFER_STARTED', 'reached'],
    ['transferring', 'START_JOB_FAILED', 'failed'],
    ['transferring', 'STARTJOB_FAILED', 'failed'],
    ['fullDone', 'FULL_TRANSFER_STARTED', 'pending'],
    ['fullDone', 'FULL_TRANSFER_COMPLETE', 'reached'],
    ['fullDone', 'FULL_TRANSFER_FAILED', 'failed'],
    ['inSync', 'FULL_TRANSFER_COMPLETE', 'pending'],
    ['inSync', 'INCRE_TRANSFER_STARTED', 'reached'],
    ['inSync', 'INCRE_TRANSFER_FAILED', 'failed'],
    ['inSync', 'PAUSING', 'pending'],
    ['inSync', 'REBUILD_NODE_STARTED', 'pending'],
    ['inSync', 'RELEASE_RESOURCE_COMPLETE', 'failed'],
    ['released', 'RELEASE_RESOURCE_STARTED', 'pending'],
    ['released', 'RELEASE_RESOURCE_COMPLETE', 'reached'],
    ['released', 'RELEASE_RESOURCE_FAILED', 'failed'],
  ])('%s at %s is %s', (name, status, expected) => {
    expect(verdict(waits[name], status)).toBe(expected);
  });

  test('an unknown status keeps every wait going', () => {
    for (const wait of Object.values(waits)) expect(verdict(wait, 'A_STATUS_OF_TOMORROW')).toBe('pending');
  });
});
