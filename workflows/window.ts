import type { Offset } from '../activities/zones.js';

/** A span of each day in a time zone, in minutes of the day there; one that ends before it begins goes past midnight. */
export interface Window {
  /** `01:00–04:00 Asia/Shanghai` */
  readonly text: string;
  readonly from: number;
  readonly to: number;
  readonly zone: string;
}

/** A window with what its zone does to the clock: the same for every worker and every replay. */
export interface Hours extends Window {
  /** In their order; the first holds before its moment, too. */
  readonly offsets: readonly Offset[];
}

const FORM = /^([01]\d|2[0-3]):([0-5]\d) ?[–-] ?([01]\d|2[0-3]):([0-5]\d) ([A-Za-z][\w+/-]{1,60})$/;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Reads `01:00–04:00 Asia/Shanghai`, or says what is wrong with it. */
export function readWindow(text: string): Window | string {
  const [, h1, m1, h2, m2, zone = ''] = FORM.exec(text.trim()) ?? [];
  if (!zone) return 'must be a window with its time zone: 01:00–04:00 Asia/Shanghai';
  const [from, to] = [Number(h1) * 60 + Number(m1), Number(h2) * 60 + Number(m2)];
  if (from === to) return 'must not begin and end at the same time';
  if (!isZone(zone)) return `there is no time zone ${zone}: Asia/Shanghai, Europe/Berlin, UTC`;
  return { text: `${h1}:${m1}–${h2}:${m2} ${zone}`, from, to, zone };
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

export const isOpen = (hours: Hours, now: number): boolean => since(hours, hours.from, now) < span(hours) * MINUTE_MS;

/** When the window that is open now closes, epoch ms. */
export const closesAt = (hours: Hours, now: number): number => next(hours, hours.to, now);

/** When it opens next, epoch ms. */
export const opensAt = (hours: Hours, now: number): number => next(hours, hours.from, now);

const span = ({ from, to }: Window): number => (to - from + 1440) % 1440;

/** ms since the clock there last showed a minute of the day. */
function since({ offsets }: Hours, minute: number, now: number): number {
  const local = now + offsetAt(offsets, now);
  return (((local - minute * MINUTE_MS) % DAY_MS) + DAY_MS) % DAY_MS;
}

/** When the clock there shows a minute of the day next; it may be set on or back until then. */
function next(hours: Hours, minute: number, now: number): number {
  const due = now + DAY_MS - since(hours, minute, now);
  return due - (offsetAt(hours.offsets, due) - offsetAt(hours.offsets, now));
}

function offsetAt(offsets: readonly Offset[], now: number): number {
  return (offsets.findLast(({ from }) => from <= now) ?? offsets[0])?.ms ?? 0;
}
