import type { VersioningBehavior } from '@temporalio/common';

/** A global that the worker sets in front of the workflow code where it is of a worker deployment. */
export const VERSIONED = '__drsPilotVersioned';

/** Temporal refuses a behaviour from workers that have no version. */
export const versioningBehavior = (behavior: VersioningBehavior): VersioningBehavior | undefined =>
  VERSIONED in globalThis ? behavior : undefined;
