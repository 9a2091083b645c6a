import type { Cloud } from './auth/credentials.js';
import type { Identity } from './auth/identity.js';
import type { Outcome } from './errors.js';
import { secretsIn } from './mask.js';
import { type Caller, type Observer, observed } from './observer.js';
import type { Operation } from './operation.js';
import { refusedBy } from './reply.js';
import type { HttpReply, Sink, Transport } from './transport.js';
import { Trouble } from './trouble.js';
import { toWire } from './wire.js';

/** The jobs of one request. */
export interface Jobs {
  readonly name: string;
  readonly entry: Operation;
  readonly inputs: readonly unknown[];
  readonly signal?: AbortSignal | undefined;
  /** It has had its turn already. */
  readonly admitted?: boolean;
  /** Of the calls that travel in it. */
  readonly callers?: readonly Caller[];
}

/** Reads the outcomes of all jobs out of a reply. */
type Judge = (reply: HttpReply) => Outcome<unknown>[];

/** What all calls to a cloud share. */
export class Connection {
  constructor(
    readonly cloud: Cloud,
    readonly transport: Transport,
    readonly identity: Identity,
    readonly observer?: Observer,
  ) {}

  turn(signal?: AbortSignal): Promise<void> {
    return this.transport.turn(this.cloud.drsEndpoint, signal);
  }

  /** The reply to one request, which did not fail as a whole; a refused token is renewed once. `judge` is for whoever observes. */
  async ask(
    { name, entry, inputs, signal, admitted, callers = [] }: Jobs,
    { sink, judge = () => [] }: { readonly sink?: Sink; readonly judge?: Judge } = {},
  ): Promise<{ readonly reply: HttpReply; readonly outcomes: readonly Outcome<unknown>[] }> {
    const projectId = await abortable(this.identity.projectId(), signal);
    const request = {
      ...toWire(entry, inputs, projectId),
      endpoint: this.cloud.drsEndpoint,
      repeatable: entry.repeatable,
    };
    for (let turn = 1; ; turn += 1) {
      if (!admitted || turn > 1) await this.turn(signal);
      const proof = await abortable(this.identity.prove(), signal);
      try {
        return await observed(
          this.observer,
          { cloud: this.cloud.name, operation: name, jobs: inputs.length, callers },
          () => this.transport.send(request, { ...(sink && { sink }), signal, authorize: proof.authorize }),
          (reply) => {
            const trouble = refusedBy(reply, entry, () => secretsIn(inputs));
            if (!trouble || !isTokenRefusal(trouble)) proof.accepted();
            if (trouble) throw trouble;
            const outcomes = judge(reply);
            return { value: { reply, outcomes }, outcomes };
          },
        );
      } catch (error) {
        const isRefusedToken = error instanceof Trouble && isTokenRefusal(error);
        if (turn > 1 || !isRefusedToken || !proof.refused()) throw error;
      }
    }
  }
}

/** M00100, or a 401 that does not come from DRS: its M00103, also a 401, is about permissions. */
const isTokenRefusal = ({ facts: { code, status } }: Trouble): boolean =>
  code === 'DRS.M00100' || (status === 401 && !code?.startsWith('DRS.'));

/** Stops waiting when the signal says so; what is waited for goes on, since others wait for it, too. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
