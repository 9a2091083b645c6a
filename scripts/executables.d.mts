/** True for a file that may be run. */
export function isExecutable(path: string): boolean;
/** The full path of the first of `names` that lies on PATH. */
export function onPath(...names: readonly string[]): string | undefined;
