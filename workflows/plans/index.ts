import { migrationSpec } from './migration.js';

/** Every kind of spec, by the name that `kind:` has. */
export const kinds = {
  migration: migrationSpec,
} as const;

export type Kind = keyof typeof kinds;
export { readSpec } from './common.js';
