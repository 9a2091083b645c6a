import { findProgram } from './find-program.mjs';

/** A real S3 server on a directory, for tests. */
const PROGRAM = {
  command: 'versitygw',
  title: 'Versity S3 gateway',
  version: 'v1.8.0',
  module: 'github.com/versity/versitygw/cmd/versitygw',
  says: /version/i,
  variable: 'DRS_PILOT_VERSITYGW',
  takes: 'about 2 minutes',
  otherwise: 'what is tested against a real S3 server is left out',
};

/** DRS_PILOT_VERSITYGW, `versitygw` on PATH, our cache, a build by Go; `undefined` where none of these is. */
export const findS3 = (options) => findProgram(PROGRAM, options);
