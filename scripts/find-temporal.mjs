import { cachedProgram, findProgram } from './find-program.mjs';

/** The last release that `go install` can build: later ones have a replace directive. Server 1.29.1, UI 2.42.1. */
export const TEMPORAL_CLI = 'v1.5.1';

const PROGRAM = {
  command: 'temporal',
  title: 'Temporal CLI',
  version: TEMPORAL_CLI,
  module: 'github.com/temporalio/cli/cmd/temporal',
  says: /temporal version/i,
  variable: 'DRS_PILOT_TEMPORAL_CLI',
  takes: 'about 3 minutes',
  otherwise: 'the Temporal SDK downloads its own',
};

/**
 * The Temporal CLI whose `server start-dev` we run: DRS_PILOT_TEMPORAL_CLI, `temporal` on PATH, our cache, a build by Go.
 * `undefined`: none of these, take the SDK's own download.
 */
export const findTemporal = (options) => findProgram(PROGRAM, options);

/** Where our build of the CLI lies. */
export const cachedTemporal = () => cachedProgram(PROGRAM);
