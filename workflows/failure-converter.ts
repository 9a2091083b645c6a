import { DefaultFailureConverter } from '@temporalio/common';

/** A worker that encrypts sets this in front of the workflow code: the bundle is the same for all. */
export const ENCODES_FAILURES = 'drsPilotEncodesFailures';

/** Failures of workflows: where payloads are encrypted, their messages and stack traces become payloads, too. */
export const failureConverter = new DefaultFailureConverter({
  encodeCommonAttributes: ENCODES_FAILURES in globalThis,
});
