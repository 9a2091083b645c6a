/** How far a zone is from UTC, in ms, from a moment on (epoch ms). */
export interface Offset {
  readonly from: number;
  readonly ms: number;
}

const DAY_MS = 86_400_000;
/** Clocks are never set on and back again within so long. */
const STEP_MS = 7 * DAY_MS;
const AHEAD_MS = 5 * 366 * DAY_MS;

/**
 * How far a time zone is from UTC, from `now` (epoch ms) on and for five years. A workflow must not look this up by itself: what
 * governments decide reaches one worker sooner than another.
 *
 * @throws RangeError for a zone that is none.
 */
export function offsetsOf(zone: string, now: number): Offset[] {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  const at = (time: number): number => {
    const [, sign, hours, minutes] = /GMT([+-])(\d\d):(\d\d)/.exec(format.format(time)) ?? [];
    return (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000;
  };
  const start = Math.floor((now - DAY_MS) / 60_000) * 60_000;
  const offsets = [{ from: start, ms: at(start) }];
  for (let time = start; time < start + AHEAD_MS; time += STEP_MS) {
    if (at(time + STEP_MS) !== at(time)) {
      const from = firstWith(time, time + STEP_MS, at);
      offsets.push({ from, ms: at(from) });
    }
  }
  return offsets;
}

/** The minute from which on the clock is set as it is at `to`. */
function firstWith(from: number, to: number, at: (time: number) => number): number {
  if (to - from <= 60_000) return to;
  const middle = from + Math.floor((to - from) / 120_000) * 60_000;
  return at(middle) === at(to) ? firstWith(from, middle, at) : firstWith(middle, to, at);
}
