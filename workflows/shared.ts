import { regexes, util } from 'zod/v4/core';
import * as signatures from './signatures.js';

declare global {
  interface ImportMeta {
    /** The bundler's: the modules of a folder. */
    webpackContext(folder: string, options: { mode: 'sync'; regExp: RegExp }): Folder;
  }
}
type Folder = ((name: string) => object) & { keys(): string[] };

/**
 * What all runs of a thread have in common: the bundle loads it once, before any run. Loaded for each, the schemas and the curves
 * of signatures are 97 % of what a run costs in memory. On one condition: a variable of one of these modules would be a variable of
 * all runs, and a replay would not do what the run did. So there is none.
 *
 * The SDK freezes what is loaded so early, down to the last value; but zod completes a schema when it is first used, and a frozen
 * one throws then. Where something is frozen already the SDK goes no deeper: so the modules are, and what they export is not.
 */
const folders = [
  import.meta.webpackContext('./plans', { mode: 'sync', regExp: /^\.\/[\w-]+\.[jt]s$/ }),
  import.meta.webpackContext('../drs/operations', { mode: 'sync', regExp: /^\.\/[\w-]+\.[jt]s$/ }),
];
const modules = folders.flatMap((folder) => folder.keys().map((name) => folder(name)));
for (const module of [...modules, signatures, regexes, util]) Object.freeze(module);
