/** What decides which inputs share a request. */
export interface Rules<In> {
  /** The most inputs of a request. */
  readonly limit: number;
  /** Inputs with the same key never share a request, nor are they on their way at the same time. */
  readonly key: (input: In) => string;
  /** Only inputs for which this is equal share a request. */
  readonly shared: (input: In) => string;
}

/** Takes the next request's worth out of `queue`, in its order; keys that are `busy` stay. Empty where nothing may go. */
export function take<In, T extends { readonly input: In }>(
  queue: T[],
  rules: Rules<In>,
  busy: ReadonlySet<string> = new Set(),
): T[] {
  const keys = new Set<string>();
  let shared: string | undefined;
  const taken: T[] = [];
  for (let i = 0; i < queue.length && taken.length < rules.limit; ) {
    const entry = queue[i] as T;
    const key = rules.key(entry.input);
    const fits = !busy.has(key) && !keys.has(key) && (shared === undefined || rules.shared(entry.input) === shared);
    if (!fits) {
      i += 1;
      continue;
    }
    shared ??= rules.shared(entry.input);
    keys.add(key);
    taken.push(entry);
    queue.splice(i, 1);
  }
  return taken;
}

/** The calls of one operation by many callers, which know nothing of each other. */
export interface Lane<In, Out> {
  /** The input's own outcome. Rejects with the signal's reason; the others of its request go on. */
  add(input: In, signal?: AbortSignal): Promise<Out>;
}

export interface LaneSettings<In, Out> extends Rules<In> {
  /** Resolves when a request may leave; until then inputs gather. */
  readonly admit: () => Promise<void>;
  /** Sends one request; one outcome for each input, in their order. The signal aborts when no caller waits any more. */
  readonly send: (inputs: In[], signal: AbortSignal) => Promise<Out[]>;
  /** Milliseconds after which a request that is on its way holds nobody back any more. */
  readonly patience?: number;
}

interface Waiting<In, Out> {
  readonly input: In;
  readonly resolve: (outcome: Out) => void;
  readonly reject: (error: unknown) => void;
  /** True once its caller has stopped waiting. */
  gone: boolean;
  /** Tells the request that carries it, if there is one yet. */
  left?: () => void;
}

/**
 * Merges what gathers. A lone call goes out at once. While a request is on its way, or waits for its turn, inputs gather; they
 * leave when it is back, when they fill a request, or when it takes too long.
 */
export function openLane<In, Out>(settings: LaneSettings<In, Out>): Lane<In, Out> {
  const queue: Waiting<In, Out>[] = [];
  const busy = new Set<string>();
  let flying = 0;
  let asking = false;
  let impatient: NodeJS.Timeout | undefined;

  const pump = (hurry = false): void => {
    if (asking || queue.length === 0) return;
    const ready = take([...queue], settings, busy);
    if (ready.length === 0 || (flying > 0 && ready.length < settings.limit && !hurry)) {
      if (ready.length > 0) wait();
      return;
    }
    asking = true;
    settings.admit().then(
      () => {
        asking = false;
        const request = take(queue, settings, busy);
        if (request.length > 0) fly(request);
        pump();
      },
      (error: unknown) => {
        asking = false;
        for (const one of queue.splice(0)) one.reject(error);
      },
    );
  };

  const wait = (): void => {
    if (impatient) return;
    impatient = setTimeout(() => {
      impatient = undefined;
      pump(true);
    }, settings.patience ?? 250);
  };

  const fly = (request: Waiting<In, Out>[]): void => {
    const keys = request.map(({ input }) => settings.key(input));
    const abort = new AbortController();
    for (const key of keys) busy.add(key);
    for (const one of request) {
      one.left = () => {
        if (request.every(({ gone }) => gone)) abort.abort(new Error('nobody waits for the reply'));
      };
    }
    flying += 1;
    settings
      .send(
        request.map(({ input }) => input),
        abort.signal,
      )
      .then(
        (outcomes) => {
          for (const [i, one] of request.entries()) one.resolve(outcomes[i] as Out);
        },
        (error: unknown) => {
          for (const one of request) one.reject(error);
        },
      )
      .finally(() => {
        flying -= 1;
        for (const key of keys) busy.delete(key);
        if (flying === 0) {
          clearTimeout(impatient);
          impatient = undefined;
        }
        pump();
      });
  };

  return {
    add: (input, signal) =>
      new Promise<Out>((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const stop = (): void => {
          waiting.gone = true;
          const place = queue.indexOf(waiting);
          if (place >= 0) queue.splice(place, 1);
          reject(signal?.reason);
          waiting.left?.();
        };
        const settle =
          <T>(done: (value: T) => void) =>
          (value: T): void => {
            signal?.removeEventListener('abort', stop);
            done(value);
          };
        const waiting: Waiting<In, Out> = { input, resolve: settle(resolve), reject: settle(reject), gone: false };
        signal?.addEventListener('abort', stop, { once: true });
        queue.push(waiting);
        pump();
      }),
  };
}
