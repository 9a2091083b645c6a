import { Option } from 'commander';
import { badInput } from './command.js';

export const taskQueueOption = () => new Option('--task-queue <name>', "the worker's task queue").default('drs-pilot');

export const portOption = (preset: number) =>
  new Option('--port <n>', 'port; 0 takes a free one').default(preset).argParser((text) => {
    if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw badInput('--port must be a number from 0 to 65535');
    return Number(text);
  });
