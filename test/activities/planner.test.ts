import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  afterNight,
  FIRST_RATE,
  NOTHING_KNOWN,
  type TaskValues,
  withListing,
} from '../../activities/comparison/known-values.js';
import { BEGINNING } from '../../activities/comparison/packing.js';
import { type NightPlan, planNight } from '../../activities/comparison/planner.js';
import type { Consistency } from '../../drs/consistency.js';

const HOUR = 3_600_000;
const FIRST = Date.parse('2026-01-01T01:00:00Z');
const nightOf = (n: number) => new Date(FIRST + n * 24 * HOUR).toISOString();
/** Rows that take so many seconds. */
const lasting = (seconds: number) => seconds * FIRST_RATE;

type Sizes = Readonly<Record<string, Readonly<Record<string, number>>>>;
interface Rules {
  readonly length: number;
  readonly nights: number;
  readonly atOnce: number;
}

/** Night after night, as DRS would have it that compares exactly as many rows a second as is thought. */
class Weeks {
  readonly before: string[] = [];
  readonly values = new Map<string, TaskValues>();
  /** The night of each table's last look that came to its end. */
  readonly looked = new Map<string, number>();

  constructor(private readonly rules: Rules) {}

  /** One night with the tables as they are; `found` says what a look at one comes to. */
  night(sizes: Sizes, found: (key: string) => Consistency = () => 'consistent', late = 0): NightPlan {
    const { length } = this.rules;
    const n = this.before.length;
    const at = nightOf(n);
    const listings = Object.entries(sizes).map(([jobId, tables]) => {
      const listed = Object.entries(tables).map(([table, rows]) => ({ database: 'db', table, rows }));
      return { jobId, listing: { tables: listed, whole: true } };
    });
    const now = Date.parse(at) + late;
    const plan = planNight({
      ...this.rules,
      now,
      until: Date.parse(at) + length,
      before: this.before,
      tasks: listings.map(({ jobId, listing }) => ({
        jobId,
        name: jobId,
        able: true,
        values: withListing(this.values.get(jobId) ?? NOTHING_KNOWN, listing, at),
      })),
    });
    for (const { jobId, listing } of listings) {
      const { chosen = [] } = plan.tasks.find((one) => one.jobId === jobId) ?? {};
      const verdicts = chosen.map(({ database, table }) => ({ database, table, verdict: found(`${jobId}.${table}`) }));
      for (const { table, verdict } of verdicts) if (verdict !== 'notFinished') this.looked.set(`${jobId}.${table}`, n);
      const night = { night: at, at, listing, chosen, verdicts, measured: [] };
      this.values.set(jobId, afterNight(this.values.get(jobId) ?? NOTHING_KNOWN, night));
    }
    this.before.push(at);
    return plan;
  }
}

const chosen = (plan: NightPlan) =>
  plan.tasks.flatMap(({ jobId, chosen }) => chosen.map(({ table }) => `${jobId}.${table}`)).sort();

const sizes = (seconds: fc.Arbitrary<number>): fc.Arbitrary<Sizes> =>
  fc
    .array(fc.array(seconds, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 6 })
    .map((tasks) =>
      Object.fromEntries(
        tasks.map((tables, job) => [`job${job}`, Object.fromEntries(tables.map((s, n) => [`t${n}`, lasting(s)]))]),
      ),
    );

test('a night is never over its window, one task is on one line, and a table too large for it goes alone', () => {
  fc.assert(
    fc.property(
      sizes(fc.integer({ min: 0, max: 9_000 })),
      fc.record({
        length: fc.integer({ min: 60_000, max: 2 * HOUR }),
        nights: fc.integer({ min: 1, max: 10 }),
        atOnce: fc.integer({ min: 1, max: 4 }),
      }),
      fc.integer({ min: 0, max: HOUR }),
      (tables, rules, late) => {
        const weeks = new Weeks(rules);
        for (let n = 0; n < 4; n += 1) {
          const plan = weeks.night(tables, undefined, late);
          const window = Math.max(0, rules.length - late) / 1_000;
          const busy = plan.tasks.filter(({ chosen }) => chosen.length > 0);
          for (const { jobId, chosen, begins, seconds } of busy) {
            const cost = BEGINNING + chosen.reduce((sum, { rows = 0 }) => sum + Math.max(1, rows / FIRST_RATE), 0);
            expect(seconds).toBeCloseTo(cost, 3);
            if (begins + seconds > window + 1e-6)
              expect({ jobId, alone: chosen.length, begins, larger: cost > rules.length / 1_000 }).toEqual({
                jobId,
                alone: 1,
                begins: 0,
                larger: true,
              });
          }
          for (const { begins } of busy) {
            const then = busy.filter((one) => one.begins <= begins && begins < one.begins + one.seconds - 1e-6);
            expect(then.length).toBeLessThanOrEqual(rules.atOnce);
          }
          const told = plan.tasks.flatMap(({ jobId, postponed }) => postponed.map(({ table }) => `${jobId}.${table}`));
          const all = Object.entries(tables).flatMap(([jobId, named]) =>
            Object.keys(named).map((table) => `${jobId}.${table}`),
          );
          expect([...chosen(plan), ...told].sort()).toEqual(all.sort());
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('over weeks every table is verified within the promised nights where they are enough, whatever comes, goes and grows', () => {
  const changes = fc.array(
    fc.record({ job: fc.nat(5), table: fc.nat(15), seconds: fc.option(fc.integer({ min: 0, max: 600 })) }),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(
      sizes(fc.integer({ min: 0, max: 600 })),
      changes,
      fc.integer({ min: 2, max: 8 }),
      fc.integer({ min: 1, max: 4 }),
      fc.infiniteStream(fc.integer({ min: 0, max: 9 })),
      (first, changes, nights, atOnce, dice) => {
        const tables = structuredClone(first) as Record<string, Record<string, number>>;
        const names = Object.keys(tables);
        const born = new Map<string, number>();
        const work = (named: Record<string, number>) =>
          Object.values(named).reduce((sum, rows) => sum + 1 + rows / FIRST_RATE, BEGINNING * nights);
        // Twice of what is needed, since what does not fit at an end of a line is lost.
        const most = Math.max(
          ...names.map((job) =>
            work({
              ...tables[job],
              ...Object.fromEntries(changes.map(({ table, seconds }) => [`t${table}`, lasting(seconds ?? 0)])),
            }),
          ),
        );
        const length = 1_000 * (1_300 + Math.max(2 * most, (2 * most * names.length) / atOnce) / nights);
        const weeks = new Weeks({ length, nights, atOnce });
        for (let n = 0; n < 4 * nights; n += 1) {
          for (const { job, table, seconds } of changes.splice(0, 2)) {
            const named = tables[names[job % names.length] ?? ''] ?? {};
            if (seconds === null) delete named[`t${table}`];
            else named[`t${table}`] = lasting(seconds);
          }
          const there = Object.entries(tables).flatMap(([job, named]) =>
            Object.keys(named).map((table) => `${job}.${table}`),
          );
          for (const key of there) if (!born.has(key)) born.set(key, n - 1);
          for (const key of [...born.keys()])
            if (!there.includes(key)) {
              born.delete(key);
              weeks.looked.delete(key);
            }
          const { value = 0 } = dice.next();
          weeks.night(tables, () => (value < 3 ? 'inconsistent' : 'consistent'));
          for (const key of there)
            expect(n - Math.max(weeks.looked.get(key) ?? -1, born.get(key) ?? 0)).toBeLessThanOrEqual(nights);
        }
      },
    ),
    { numRuns: 150 },
  );
});

test('nothing starves where the nights are not enough: what differs, what is cut off and what is too large included', () => {
  fc.assert(
    fc.property(
      sizes(fc.integer({ min: 0, max: 5_000 })),
      fc.integer({ min: 1, max: 3 }),
      fc.nat(3),
      (tables, atOnce, bad) => {
        const weeks = new Weeks({ length: HOUR, nights: 3, atOnce });
        const turns = new Map<string, number>();
        const count = Object.values(tables).reduce((sum, named) => sum + Object.keys(named).length, 0);
        const verdict = (key: string): Consistency =>
          Number(key.at(-1)) % 4 !== bad ? 'consistent' : key < 'job2' ? 'inconsistent' : 'notFinished';
        for (let n = 0; n < 3 * count + 10; n += 1)
          for (const key of chosen(weeks.night(tables, verdict))) turns.set(key, (turns.get(key) ?? 0) + 1);
        for (const [job, named] of Object.entries(tables))
          for (const table of Object.keys(named))
            expect(turns.get(`${job}.${table}`) ?? 0, `${job}.${table}`).toBeGreaterThan(0);
      },
    ),
    { numRuns: 100 },
  );
});

test('three weeks: rotation by age, turns as told, a repair looked at soon, and warnings that say what to change', () => {
  const rules = { length: HOUR, nights: 4, atOnce: 1 };
  const weeks = new Weeks(rules);
  const day = (names: string) => Object.fromEntries([...names].map((name) => [name, lasting(1_700)]));
  const tables = (names: string) => ({ job: day(names) });

  const first = weeks.night(tables('abcdefgh'));
  expect([chosen(first), first.rotation, first.warnings]).toEqual([['job.a', 'job.b'], 4, []]);
  expect(first.tasks[0]?.postponed.map(({ table, inNights }) => `${table} ${inNights}`)).toEqual([
    'c 1',
    'd 1',
    'e 2',
    'f 2',
    'g 3',
    'h 3',
  ]);
  const nights = [1, 2, 3, 4, 5].map(() =>
    chosen(weeks.night(tables('abcdefgh')))
      .join(' ')
      .replaceAll('job.', ''),
  );
  expect(nights).toEqual(['c d', 'e f', 'g h', 'a b', 'c d']);

  // A new table waits for its turn, a dropped one is forgotten.
  expect(chosen(weeks.night(tables('bcdefghi')))).toEqual(['job.e', 'job.f']);
  expect(
    weeks.values
      .get('job')
      ?.tables.map(({ table }) => table)
      .join(''),
  ).toBe('bcdefghi');

  // With room left what differs is looked at again the night after.
  const roomy = new Weeks({ ...rules, length: 2 * HOUR });
  roomy.night(tables('abcdefgh'), (key) => (key === 'job.a' ? 'inconsistent' : 'consistent'));
  expect(chosen(roomy.night(tables('abcdefgh')))).toEqual(['job.a', 'job.e', 'job.f', 'job.g']);

  // What was cut off comes first, once.
  const cut = new Weeks(rules);
  cut.night(tables('abcdef'), () => 'notFinished');
  expect(chosen(cut.night(tables('abcdef'), () => 'notFinished'))).toEqual(['job.a', 'job.b']);
  expect(chosen(cut.night(tables('abcdef')))).toEqual(['job.c', 'job.d']);

  const few = new Weeks({ ...rules, nights: 2 });
  const { warnings } = few.night({ job: { ...day('abcd'), big: lasting(5_000) } });
  expect(warnings).toEqual([
    expect.stringMatching(/^db\.big of job needs about 84 min, and a night has 60 min: .*budget\.window longer/),
    expect.stringMatching(
      /^all tables take about 3 nights, and 2 are promised: say budget\.nights: 3, make budget\.window longer than 1\.6 h; job alone needs 3\.3 h/,
    ),
  ]);
  few.night(tables('abcd'));
  const late = few.night(tables('abcd'), undefined, HOUR);
  expect(late.tasks[0]?.postponed.map(({ table, overdue }) => `${table} ${overdue}`)).toEqual([
    'c true',
    'd true',
    'a undefined',
    'b undefined',
  ]);
});

test('how fast a task is compared is learned, in steps, and a night counts once', () => {
  const listing = { tables: [{ database: 'db', table: 'a', rows: 8_000_000 }], whole: true };
  const night = (n: number, seconds: number, over = true) => ({
    night: nightOf(n),
    at: nightOf(n),
    listing,
    chosen: [{ database: 'db', table: 'a' }],
    verdicts: over ? [{ database: 'db', table: 'a', verdict: 'consistent' as const }] : [],
    measured: [{ rows: 8_000_000, seconds, over }],
  });
  const first = afterNight(NOTHING_KNOWN, night(0, 400));
  expect(first.rate).toBe(20_000);
  expect(afterNight(first, night(0, 400))).toBe(first);
  expect(afterNight(first, night(1, 200)).rate).toBe(30_000);
  expect(afterNight(first, night(1, 1)).rate).toBe(80_000);
  const cut = afterNight(first, night(1, 800, false));
  expect([cut.rate, cut.tables]).toEqual([
    10_000,
    [
      {
        database: 'db',
        table: 'a',
        rows: 8_000_000,
        since: nightOf(0),
        judged: { at: nightOf(0), verdict: 'consistent' },
        missed: { at: nightOf(1), times: 1 },
      },
    ],
  ]);
  expect(afterNight(cut, night(2, 400)).tables[0]?.missed).toBeUndefined();
});
