import { z } from 'zod';
import type { Account, Tokens } from '../auth.js';
import type { Project } from '../world.js';

/** What the identity service answers; `X-Subject-Token` carries the token itself. */
export interface IamReply {
  status: number;
  body: object;
  token?: string;
}

const auth = z.object({
  auth: z.object({
    identity: z.object({
      methods: z.array(z.string()).refine((methods) => methods.includes('password'), 'password'),
      password: z.object({
        user: z.object({ name: z.string(), password: z.string(), domain: z.object({ name: z.string() }) }),
      }),
    }),
    scope: z
      .object({
        project: z.object({ name: z.string().optional(), id: z.string().optional() }).optional(),
        domain: z.object({ name: z.string().optional(), id: z.string().optional() }).optional(),
      })
      .optional(),
  }),
});

const refused = (code: number, title: string, message: string): IamReply => ({
  status: code,
  body: { error: { code, message, title } },
});

/** 3.1: a token by password, for a project or for the whole account. */
export function createToken(
  body: unknown,
  account: Account,
  projects: readonly Project[],
  tokens: Tokens,
  url: string,
): IamReply {
  const parsed = auth.safeParse(body);
  if (!parsed.success)
    return refused(400, 'Bad Request', `Request body is invalid: ${parsed.error.issues[0]?.path.join('.')}`);
  const { identity, scope } = parsed.data.auth;
  const { user } = identity.password;
  if (user.name !== account.user || user.password !== account.password || user.domain.name !== account.domain)
    return refused(401, 'Unauthorized', 'The username or password is wrong.');
  const asked = scope?.project;
  const project = projects.find(({ id, name }) => (asked?.id ? id === asked.id : name === asked?.name));
  if (asked && !project) return refused(404, 'Not Found', `Could not find project: ${asked.id ?? asked.name}.`);
  const { token, issuedAt, until } = tokens.issue(project?.id);
  const domain = { id: DOMAIN_ID, name: account.domain };
  return {
    status: 201,
    token,
    body: {
      token: {
        expires_at: micros(until),
        issued_at: micros(issuedAt),
        methods: ['password'],
        catalog: [
          {
            type: 'drs',
            name: 'drs',
            id: 'drs',
            endpoints: project
              ? [
                  {
                    id: 'drs',
                    interface: 'public',
                    region: project.name,
                    region_id: project.name.split('_')[0],
                    url: `${url}/v3/${project.id}`,
                  },
                ]
              : [],
          },
        ],
        roles: [{ id: '0', name: 'te_admin' }],
        ...(project ? { project: { ...project, domain } } : { domain }),
        user: { id: 'c0ffee00c0ffee00c0ffee00c0ffee00', name: user.name, domain, password_expires_at: '' },
      },
    },
  };
}

const DOMAIN_ID = '65382450e8f64ac0870cd180d14e684b';
const micros = (ms: number) => new Date(ms).toISOString().replace(/Z$/, '000Z');

/** A.5: the projects of the account; `name` narrows them to one. */
export function listProjects(projects: readonly Project[], name: string | undefined, url: string): IamReply {
  const self = `${url}/v3/projects`;
  const shown = projects.filter((project) => name === undefined || project.name === name);
  return {
    status: 200,
    body: {
      projects: shown.map((project) => ({
        domain_id: DOMAIN_ID,
        is_domain: false,
        parent_id: DOMAIN_ID,
        name: project.name,
        description: '',
        links: { next: null, previous: null, self: `${self}/${project.id}` },
        id: project.id,
        enabled: true,
      })),
      links: { next: null, previous: null, self },
    },
  };
}

/** Both calls by route, as the reference writes them. */
export const IAM_ROUTES = {
  'POST /v3/auth/tokens': 'keystoneCreateUserToken',
  'GET /v3/projects': 'keystoneListProjects',
} as const;
