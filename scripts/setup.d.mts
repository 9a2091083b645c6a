/** Checks Node's version and installs the dependencies where they are absent or stale. Throws an Error made for people. */
export function setup(options?: { root?: string; log?: (line: string) => void }): void;

/** What is wrong with this version of Node, if anything. */
export function nodeProblem(version: string): string | undefined;

/** Why the installed dependencies are not those of package-lock.json, or undefined when they are. */
export function staleDependency(root: string): string | undefined;
