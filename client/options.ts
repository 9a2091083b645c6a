import { Option } from 'commander';

export const taskQueueOption = () => new Option('--task-queue <name>', "the worker's task queue").default('drs-pilot');
