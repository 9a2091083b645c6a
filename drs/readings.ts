import type { Drs } from './connect.js';
import type { Outcome } from './errors.js';
import { FULL, INCREMENTAL } from './waits.js';
import type { Seen, Watched } from './watcher.js';

/** What is asked for beside the status, by calls of ten tasks each: §5.2.2, §5.3.1, §6.4.2. */
export type Reading = 'progress' | 'lag' | 'monitoring';

/** What readings tell of a task. */
export type Numbers = Pick<
  Seen,
  'progress' | 'delay' | 'rpo' | 'rto' | 'sourceNormal' | 'targetNormal' | 'read' | 'unread'
>;

/** The full progress is for people, so it is asked for a fourth as often as the status. */
const PROGRESS_EVERY = 4;

type Read = { readonly numbers: Numbers } | { readonly message: string };

/** What is read beside the status: of whom, by which call, and what its reply says. */
export const READINGS: readonly {
  readonly reading: Reading;
  readonly wants: (watched: Watched, status: string | undefined) => boolean;
  readonly ask: (
    drs: Pick<Drs, 'many'>,
    ids: readonly string[],
  ) => Promise<{ readonly jobId: string; readonly outcome: Read }[]>;
}[] = [
  {
    reading: 'progress',
    wants: ({ delay }, status) => status === FULL || (status === INCREMENTAL && delay === true),
    ask: async (drs, ids) => paired(ids, await drs.many('batchListProgresses', ids), readNumbers),
  },
  {
    reading: 'lag',
    wants: (watched, status) => watched.lag === true && isProtecting(watched, status),
    ask: async (drs, ids) => paired(ids, await drs.many('batchListRposAndRtos', ids), readLag),
  },
  {
    reading: 'monitoring',
    wants: (watched, status) => watched.monitoring === true && isProtecting(watched, status),
    ask: async (drs, ids) => paired(ids, await drs.many('showMonitoringData', ids), readMonitoring),
  },
];

/** Whoever waits for a delay must not miss the moment in which there is one. */
export const everyMs = (watched: Watched, reading: Reading, status: string | undefined): number =>
  watched.readEveryMs?.[reading] ?? (status === FULL && !watched.delay ? PROGRESS_EVERY * watched.everyMs : 0);

const isProtecting = ({ useType }: Watched, status: string | undefined): boolean =>
  useType === 'cloudDataGuard' && status === INCREMENTAL;

const paired = <T>(ids: readonly string[], outcomes: readonly Outcome<T>[], read: (reply: T) => Numbers) =>
  ids.map((jobId, index) => {
    const outcome = outcomes[index];
    if (outcome?.ok) return { jobId, outcome: { numbers: read(outcome.result) } };
    return { jobId, outcome: { message: outcome?.message ?? 'nothing was told of it' } };
  });

/** Whether DRS reaches both databases (§6.4.2). */
function readMonitoring(reply: {
  data_guard_minitor?: { src_normal?: boolean | undefined; dst_normal?: boolean | undefined } | undefined;
}): Pick<Seen, 'sourceNormal' | 'targetNormal'> {
  const { src_normal: source, dst_normal: target } = reply.data_guard_minitor ?? {};
  return {
    ...(source !== undefined && { sourceNormal: source }),
    ...(target !== undefined && { targetNormal: target }),
  };
}

/** RPO and RTO (§5.3.1), ms as text; their `time` has no zone, so they are as old as the read. */
export function readLag(reply: {
  rpo_info?: { delay?: unknown } | undefined;
  rto_info?: { delay?: unknown } | undefined;
}): Pick<Seen, 'rpo' | 'rto'> {
  const [rpo, rto] = [positive(reply.rpo_info?.delay), positive(reply.rto_info?.delay)];
  return { ...(rpo !== undefined && { rpo }), ...(rto !== undefined && { rto }) };
}

/** "-1", "" and "NA" say that nothing is known; never that it is zero. */
function readNumbers(reply: {
  progress?: unknown;
  incre_trans_delay?: unknown;
  incre_trans_delay_millis?: unknown;
}): Pick<Seen, 'progress' | 'delay'> {
  const progress = positive(reply.progress);
  const millis = positive(reply.incre_trans_delay_millis);
  const seconds = positive(reply.incre_trans_delay);
  const delay = millis ?? (seconds === undefined ? undefined : seconds * 1_000);
  return {
    ...(progress !== undefined && { progress: Math.min(100, progress) }),
    ...(delay !== undefined && { delay }),
  };
}

function positive(value: unknown): number | undefined {
  const number =
    typeof value === 'number'
      ? value
      : typeof value === 'string' && value.trim() !== ''
        ? Number(value.replace('%', ''))
        : Number.NaN;
  return Number.isFinite(number) && number >= 0 ? number : undefined;
}
