/** The environment without the variables that lead to a real Temporal, cloud or configuration; DRS_PILOT_TEMPORAL_CLI stays. */
export function isolated(env?: NodeJS.ProcessEnv): NodeJS.ProcessEnv;
