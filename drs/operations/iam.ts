import { z } from 'zod';
import { byErrorCode } from '../judges.js';
import { operation } from '../operation.js';
import { flag, oneOf, secret, text, withRules } from './common.js';

const Named = z.strictObject({ name: z.string().min(1) });

/** A project by id, or by name. */
const Scope = withRules(
  z.strictObject({ project: z.strictObject({ id: z.string().min(1).optional(), name: z.string().min(1).optional() }) }),
  (scope, tell) => {
    const project = scope.project;
    if (project && project.id === undefined && project.name === undefined)
      tell(['project', 'name'], 'is missing: id or name is mandatory');
  },
);

/** The two calls of the identity service. They go to its own endpoint; the first carries no authentication. */
export const iamOperations = {
  keystoneCreateUserToken: operation({
    section: '3.1',
    route: 'POST /v3/auth/tokens',
    summary: 'Gets a token for a user and a project, good for 24 hours; it comes in the header x-subject-token.',
    request: z.strictObject({
      auth: z.strictObject({
        identity: z.strictObject({
          methods: z.tuple([oneOf(['password'])]),
          password: z.strictObject({
            user: z.strictObject({ name: z.string().min(1), password: secret(), domain: Named }),
          }),
        }),
        scope: Scope,
      }),
    }),
    reply: z.looseObject({
      token: z.looseObject({ expires_at: text(), project: z.looseObject({ id: text(), name: text() }).optional() }),
    }),
    judge: byErrorCode,
    repeatable: true,
  }),

  keystoneListProjects: operation({
    section: 'A.5',
    route: 'GET /v3/projects',
    summary: 'Lists projects with their ids; a region can have several.',
    request: z.strictObject({ name: z.string().min(1).optional() }),
    reply: z.looseObject({
      projects: z.array(z.looseObject({ id: z.string(), name: z.string(), enabled: flag(), domain_id: text() })),
    }),
    query: ['name'],
    judge: byErrorCode,
    repeatable: true,
  }),
};
