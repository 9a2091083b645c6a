/** Seconds that a comparison takes before its first row and after its last. */
export const BEGINNING = 30;
/** No table takes less, seconds. */
export const LEAST = 1;

/** What has to fit: a table, by the number of its task. */
export interface Piece {
  readonly job: number;
  readonly seconds: number;
}

/**
 * One night of `length` seconds, filled piece by piece: a task stays on one line, and no line goes on longer than the night does. What
 * is larger than a `whole` night has a line of its own.
 */
export class Packing {
  private readonly loads: Float64Array;
  /** The line of each task, from 1; 0: none yet. */
  private readonly lines: Uint16Array;
  private least = 0;

  constructor(
    private readonly length: number,
    private readonly whole: number,
    atOnce: number,
    jobs: number,
  ) {
    this.loads = new Float64Array(atOnce);
    this.lines = new Uint16Array(jobs);
  }

  /** Whether nothing at all fits any more. */
  get isFull(): boolean {
    return this.load(this.least) + LEAST > this.length;
  }

  lineOf(job: number): number {
    return (this.lines[job] ?? 0) - 1;
  }

  /** Takes it where it fits; gives what that costs, seconds. */
  take({ job, seconds }: Piece): number | undefined {
    const known = this.lineOf(job);
    const line = known < 0 ? this.least : known;
    const load = this.load(line);
    const cost = seconds + (known < 0 ? BEGINNING : 0);
    const alone = seconds + BEGINNING > this.whole && load === 0 && this.length > this.whole / 2;
    if (load + cost > this.length && !alone) return undefined;
    this.loads[line] = load + cost;
    this.lines[job] = line + 1;
    if (line === this.least) this.least = this.loads.indexOf(Math.min(...this.loads));
    return cost;
  }

  private load(line: number): number {
    return this.loads[line] ?? 0;
  }
}

/** Nights of `whole` seconds after which each has its turn, from 1; as far as that is in sight. In the order of the queue. */
export function turnsOf<P extends Piece>(
  queue: readonly P[],
  { whole, atOnce, jobs, farthest }: { whole: number; atOnce: number; jobs: number; farthest: number },
): Map<P, number> {
  const turns = new Map<P, number>();
  if (whole <= 0) return turns;
  const nights: Packing[] = [];
  let first = 0;
  for (const one of queue) {
    while (nights[first]?.isFull) first += 1;
    for (let night = first; night < farthest; night += 1) {
      const packing = nights[night] ?? new Packing(whole, whole, atOnce, jobs);
      nights[night] = packing;
      if (packing.take(one) === undefined) continue;
      turns.set(one, night + 1);
      break;
    }
  }
  return turns;
}
