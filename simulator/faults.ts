/** What goes wrong on purpose. */
export type FaultKind =
  /** The whole request is refused; it has no effect. */
  | { kind: 'error'; status: number; code: string; message?: string }
  /** One job is refused inside a 2xx; it has no effect on that job. */
  | { kind: 'jobError'; code: string; message?: string }
  /** The call has its effect, but the result of one job is left out of the reply. */
  | { kind: 'missingResult' }
  /** Waits first, then goes on. */
  | { kind: 'delay'; ms: number }
  /** The call has its effect, then the connection breaks. */
  | { kind: 'lostReply' }
  /** 429 with Retry-After in seconds; no effect. */
  | { kind: 'throttle'; retryAfter: number }
  /** The connection breaks before any effect. */
  | { kind: 'drop' }
  /** The call has its effect, the reply is cut off in the middle of its JSON. */
  | { kind: 'garbage' }
  /** The call has its effect, then the connection breaks in the middle of the reply. */
  | { kind: 'cutOff' }
  /** A switchover of one job is accepted as usual, and nothing comes of it. */
  | { kind: 'ignored' }
  /** A switchover of one job is accepted as usual, and begins only later; until then nothing tells of it. */
  | { kind: 'late'; ms: number }
  /** A switchover of one job ends with another is_target_readonly than the reference says; null: its details leave it out. */
  | { kind: 'readonly'; value: boolean | null };

export interface Fault {
  /** Huawei's operation id, also of the two IAM calls. */
  operation: string;
  /** How often it strikes, 1 by default: requests, or jobs for those that strike one job. */
  times?: number;
  match?: { /** Task id or name. */ job?: string; endPointType?: 'so' | 'ta' };
  fault: FaultKind;
}

export interface PendingFault extends Fault {
  left: number;
}

/** What a request says about one of its jobs. */
export interface Named {
  id?: string | undefined;
  name?: string | undefined;
  endPointType?: string | undefined;
}

export class Faults {
  private planned: PendingFault[] = [];

  add(fault: Fault): void {
    this.planned.push({ ...fault, left: fault.times ?? 1 });
  }

  pending(): readonly PendingFault[] {
    return this.planned.filter(({ left }) => left > 0);
  }

  clear(): void {
    this.planned = [];
  }

  /** The next fault for a request as a whole; uses it up. */
  takeForRequest(operation: string, jobs: readonly Named[], kinds?: readonly string[]): FaultKind | undefined {
    return this.take((fault) => {
      if (fault.operation !== operation || isPerJob(fault.fault)) return false;
      if (kinds && !kinds.includes(fault.fault.kind)) return false;
      return !fault.match || jobs.some((job) => fits(fault, job));
    });
  }

  /** The next fault for one job; uses it up. */
  takeForJob(operation: string, job: Named, kinds = IN_RESULTS): FaultKind | undefined {
    return this.take((fault) => fault.operation === operation && kinds.includes(fault.fault.kind) && fits(fault, job));
  }

  private take(fits: (fault: PendingFault) => boolean): FaultKind | undefined {
    const found = this.planned.find((fault) => fault.left > 0 && fits(fault));
    if (found) found.left -= 1;
    return found?.fault;
  }
}

/** Whether the result is another. */
const IN_RESULTS = ['jobError', 'missingResult'];
/** Whether the effect is another, of switchovers only. */
export const IN_SWITCHOVERS = ['ignored', 'late', 'readonly'];

const isPerJob = ({ kind }: FaultKind) => [...IN_RESULTS, ...IN_SWITCHOVERS].includes(kind);

function fits({ match }: PendingFault, job: Named): boolean {
  if (match?.job !== undefined && match.job !== job.id && match.job !== job.name) return false;
  return match?.endPointType === undefined || match.endPointType === job.endPointType;
}
