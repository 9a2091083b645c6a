/** Version of drs-pilot, as package.json has it: part of the User-Agent. */
export const VERSION = '0.1.0';

/** Commit that this was built from; the build puts it in, sources have none. */
export const COMMIT: string = '';

/** What tells two builds apart: `0.1.0-1f3c5a7b9d2e`, or the version alone. */
export const BUILD_ID = COMMIT ? `${VERSION}-${COMMIT}` : VERSION;
