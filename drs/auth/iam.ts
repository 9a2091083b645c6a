import type { HttpReply, Transport } from '../transport.js';
import { retryAfterOf } from '../transport.js';
import { refusal, Trouble } from '../trouble.js';
import type { Cloud } from './credentials.js';
import type { Token } from './token.js';

const JSON_HEADERS = { 'content-type': 'application/json;charset=utf8' };

/** A token for the cloud's user and project (3.1); good for 24 hours. */
export async function createToken(cloud: Cloud, transport: Transport, now: () => number): Promise<Token> {
  if (!('user' in cloud.credentials)) throw new Error('a key pair needs no token');
  const { user, password, domain } = cloud.credentials;
  const body = {
    auth: {
      identity: { methods: ['password'], password: { user: { name: user, password, domain: { name: domain } } } },
      scope: { project: cloud.projectId ? { id: cloud.projectId } : { name: cloud.region } },
    },
  };
  await transport.turn(cloud.iamEndpoint);
  const reply = await transport.send({
    method: 'POST',
    endpoint: cloud.iamEndpoint,
    path: '/v3/auth/tokens',
    query: [],
    headers: JSON_HEADERS,
    body: JSON.stringify(body),
    repeatable: true,
  });
  if (reply.status >= 300) throw loginRefused(cloud, reply);
  const value = reply.headers['x-subject-token'];
  if (typeof value !== 'string' || value === '') {
    throw new Trouble('transient', {
      what: `${cloud.iamEndpoint} sent no token`,
      status: reply.status,
      requestId: reply.requestId,
    });
  }
  const expires = Date.parse(
    String((reply.body as { token?: { expires_at?: unknown } } | undefined)?.token?.expires_at),
  );
  return { value, expiresAt: Number.isFinite(expires) ? expires : now() + 60 * 60_000 };
}

/** Wrong user, password or domain come as 401, a project that the user can't see as 401 or 400, too. */
function loginRefused(cloud: Cloud, reply: HttpReply): Trouble {
  const { status, requestId } = reply;
  if (status >= 500 || status === 429 || status === 408)
    return refusal({ status, requestId, retryAfter: retryAfterOf(reply.headers) }, true);
  const project = cloud.projectId ?? cloud.region;
  return new Trouble('credentials', {
    status,
    requestId,
    what: `IAM at ${cloud.iamEndpoint} refuses the login to project ${project}`,
    mend: 'Check user, password and domain, that they are of this cloud, and that the user may use the project.',
  });
}
