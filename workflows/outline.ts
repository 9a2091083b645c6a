/** Names of the steps that will come: those whose condition holds. */
export const present = (steps: readonly (readonly [step: string, there: unknown])[]): string[] =>
  steps.flatMap(([step, there]) => (there ? [step] : []));
