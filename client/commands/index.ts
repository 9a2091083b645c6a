import type { MakeCommand } from '../command.js';
import { approve, reject } from './approve.js';
import { cancel } from './cancel.js';
import { comment } from './comment.js';
import { decide } from './decide.js';
import { demo } from './demo.js';
import { dev } from './dev.js';
import { list } from './list.js';
import { schema } from './schema.js';
import { setup } from './setup.js';
import { simulator } from './simulator.js';
import { start } from './start.js';
import { status } from './status.js';
import { validate } from './validate.js';
import { watch } from './watch.js';
import { worker } from './worker.js';

/** In the order in which the help shows them. */
export const commands: readonly MakeCommand[] = [
  demo,
  validate,
  start,
  status,
  watch,
  list,
  approve,
  reject,
  decide,
  comment,
  cancel,
  schema,
  setup,
  worker,
  simulator,
  dev,
];
