import type { MakeCommand } from '../command.js';
import { approve, reject } from './approve.js';
import { call } from './call.js';
import { cancel } from './cancel.js';
import { codecServer } from './codec-server.js';
import { comment } from './comment.js';
import { compare } from './compare.js';
import { completion } from './completion.js';
import { decide } from './decide.js';
import { demo } from './demo.js';
import { dev } from './dev.js';
import { doctor } from './doctor.js';
import { edit } from './edit.js';
import { end } from './end.js';
import { explain } from './explain.js';
import { limitSpeed } from './limit-speed.js';
import { list } from './list.js';
import { locks } from './locks.js';
import { operations } from './operations.js';
import { pause, resume } from './pause.js';
import { plan } from './plan.js';
import { readiness } from './readiness.js';
import { report } from './report.js';
import { rotatePassword } from './rotate-password.js';
import { schedule } from './schedule.js';
import { schema } from './schema.js';
import { setup } from './setup.js';
import { simulator } from './simulator.js';
import { start } from './start.js';
import { status } from './status.js';
import { validate } from './validate.js';
import { versions } from './versions.js';
import { watch } from './watch.js';
import { worker } from './worker.js';

/** In the order in which the help shows them. */
export const commands: readonly MakeCommand[] = [
  demo,
  validate,
  plan,
  start,
  status,
  watch,
  list,
  approve,
  reject,
  decide,
  comment,
  cancel,
  pause,
  resume,
  limitSpeed,
  rotatePassword,
  edit,
  end,
  readiness,
  locks,
  compare,
  report,
  schedule,
  call,
  operations,
  explain,
  schema,
  completion,
  setup,
  doctor,
  worker,
  versions,
  codecServer,
  simulator,
  dev,
];
