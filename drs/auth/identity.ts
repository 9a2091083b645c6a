import type { Authorize, Transport } from '../transport.js';
import { Trouble } from '../trouble.js';
import type { Cloud } from './credentials.js';
import { createToken } from './iam.js';
import { findProject } from './project.js';
import { sign } from './sign.js';
import { TokenKeeper } from './token.js';

/** How one request proves who sends it, and what came of that. */
export interface Proof {
  readonly authorize: Authorize;
  /** The service did not accept it. True: a new proof may be. */
  refused(): boolean;
  accepted(): void;
}

export interface Identity {
  prove(): Promise<Proof>;
  /** Looked up once where the cloud does not say it. */
  projectId(): Promise<string>;
}

/** Who we are in a cloud: by a signature of each request, or by a token. */
export function identityOf(cloud: Cloud, transport: Transport, now: () => number = Date.now): Identity {
  const prove =
    'ak' in cloud.credentials ? signer(cloud.credentials, now, cloud.projectId) : bearer(cloud, transport, now);
  let project: Promise<string> | undefined;
  return {
    prove,
    projectId: () => {
      if (cloud.projectId) return Promise.resolve(cloud.projectId);
      project ??= findProject(cloud, transport, prove).catch((error: unknown) => {
        project = undefined;
        throw error;
      });
      return project;
    },
  };
}

/** The gateway refuses larger ones that are signed. */
const LARGEST_SIGNED_BODY = 12 * 2 ** 20;

function signer(
  key: { readonly ak: string; readonly sk: string },
  now: () => number,
  projectId?: string,
): () => Promise<Proof> {
  const project: Record<string, string> = projectId ? { 'x-project-id': projectId } : {};
  const proof: Proof = {
    authorize: ({ method, endpoint, path, query, body }, headers) => {
      if (body && Buffer.byteLength(body) > LARGEST_SIGNED_BODY) {
        throw new Trouble('request', {
          what: 'a signed request may have at most 12 MB',
          mend: 'Send less at once, or use a user and password.',
          tooLarge: true,
        });
      }
      const host = endpoint.slice(endpoint.indexOf('//') + 2);
      const signable = { method, host, path, query, headers: { ...headers, ...project }, ...(body && { body }) };
      return { ...project, ...sign(signable, key, new Date(now())) };
    },
    refused: () => false,
    accepted: () => undefined,
  };
  return () => Promise.resolve(proof);
}

function bearer(cloud: Cloud, transport: Transport, now: () => number): () => Promise<Proof> {
  const isLasting = (error: unknown): boolean => error instanceof Trouble && error.kind === 'credentials';
  const keeper = new TokenKeeper(() => createToken(cloud, transport, now), isLasting, now);
  const proofOf = (token: string) => ({
    token,
    authorize: () => ({ 'x-auth-token': token }),
    refused: () => keeper.refused(token),
    accepted: () => keeper.accepted(token),
  });
  let last = proofOf('');
  return async () => {
    const token = await keeper.get();
    if (last.token !== token) last = proofOf(token);
    return last;
  };
}
