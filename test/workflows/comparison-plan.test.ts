import { describe, expect, test } from 'vitest';
import { CONSISTENCIES, ofContents, ofLines, ofObject, worst } from '../../drs/consistency.js';
import { LINE_STATUSES } from '../../drs/operations/comparison.js';
import { comparisonSpec } from '../../workflows/plans/comparison.js';
import { readSpec } from '../../workflows/plans/index.js';

describe('a comparison spec', () => {
  const problems = (spec: object) =>
    Object.fromEntries(
      readSpec(comparisonSpec, 'comparison', spec).problems.map(({ path, message }) => [path, message] as const),
    );

  test('tells all its problems at once, each by its path', () => {
    expect(
      problems({
        name: 'a night',
        task: 'no/task',
        select: { kind: 'sync' },
        within: 'long',
        compare: {
          kinds: ['objects', 'objects', 'values'],
          databases: [{ database: 'a' }, { database: 'a' }],
          filters: [{ database: 'a', table: 't', where: '' }],
          options: { comparePolicy: 'manyToOne', lobCompare: 'all' },
          startAt: 'tonight',
          proportion_value: 101,
          quick: true,
        },
      }),
    ).toEqual({
      name: expect.stringMatching(/must be a word/),
      task: expect.any(String),
      select: expect.stringMatching(/does not go with task/),
      'select.kind': expect.any(String),
      within: expect.stringMatching(/duration/),
      'compare.kinds[1]': 'stands here twice',
      'compare.kinds[2]': expect.any(String),
      'compare.databases[1].database': 'is named twice',
      'compare.filters': expect.stringMatching(/only with lines/),
      'compare.filters[0].where': expect.any(String),
      'compare.options.comparePolicy': expect.stringMatching(/only with lines/),
      'compare.options.lobCompare': expect.any(String),
      'compare.startAt': expect.any(String),
      'compare.proportion_value': expect.any(String),
      'compare.quick': expect.any(String),
    });
  });

  test('in the older form has what its calls have', () => {
    const compare = {
      form: 'older',
      kinds: ['lines', 'random'],
      proportion_value: 5,
      options: { comparePolicy: 'normal' },
    };
    const filters = [{ database: 'a', table: 't', where: 'id>1' }];
    const spec = { name: 'night', task: 'orders', store: 'local', export: ['lines'], compare: { ...compare, filters } };
    expect(Object.keys(problems(spec)).sort()).toEqual([
      'compare.filters',
      'compare.kinds[1]',
      'compare.options',
      'export',
    ]);
  });

  test('may have a budget, whose mistakes are told by their paths', () => {
    const nightly = { name: 'night', select: {}, store: 'local', compare: { kinds: ['lines', 'contents'] } };
    const budget = { window: '4h', nights: 7, perTask: 20 };
    expect(problems({ ...nightly, budget })).toEqual({});
    expect(problems({ ...nightly, budget: { window: '01:00–05:00 Asia/Shanghai' } })).toEqual({});
    expect(problems({ ...nightly, compare: { ...nightly.compare, form: 'older' }, budget })).toEqual({
      'compare.form': expect.stringMatching(/does not go with a budget/),
    });
    expect(problems({ ...nightly, within: '2h', budget })).toEqual({
      'budget.window': 'is longer than all of it may take: within is 2h',
    });
    const compare = { kinds: ['objects', 'contents'], startAt: '2026-01-31T00:00:00Z' };
    expect(
      problems({ name: 'night', select: {}, compare, budget: { window: '30s', nights: 0, perTask: 101 } }),
    ).toEqual({
      budget: expect.stringMatching(/works only with a store/),
      'budget.window': expect.stringMatching(/a minute at least/),
      'budget.nights': expect.any(String),
      'budget.perTask': expect.any(String),
      'compare.kinds': expect.stringMatching(/needs lines and contents with a budget/),
      'compare.startAt': expect.stringMatching(/does not go with a budget/),
    });
    expect(problems({ ...nightly, budget: { window: '01:00–05:00 Mars/Olympus' } })).toEqual({
      'budget.window': expect.stringMatching(/no time zone Mars/),
    });
  });

  test('must say which tasks, and how much of them is sampled', () => {
    expect(problems({ name: 'night', compare: { kinds: ['random'] } })).toEqual({
      task: expect.stringMatching(/is missing/),
      'compare.proportion_value': expect.stringMatching(/mandatory with random/),
    });
  });
});

describe('verdicts', () => {
  test('every status of the reference has one, and what is not known is not finished', () => {
    const by = Object.fromEntries(
      CONSISTENCIES.map((verdict) => [verdict, LINE_STATUSES.filter((status) => ofLines(status).verdict === verdict)]),
    );
    expect(by).toEqual({
      consistent: [2, 10],
      inconsistent: [0, 3, 8, 9, 11, 12, 21, 22],
      notComparable: [13, 20, 23],
      notFinished: [4, 5, 6, 7, 14, 15, 16, 17, 18, 19, 27],
    });
    for (const status of [undefined, 1, 24, 99])
      expect(ofLines(status)).toMatchObject({ verdict: 'notFinished', reason: expect.any(String) });
    expect([0, 2, 3, 7, undefined].map((status) => ofObject(status).verdict)).toEqual([
      'inconsistent',
      'consistent',
      'notFinished',
      'notFinished',
      'notFinished',
    ]);
  });

  test('values are consistent only where DRS says so of rows and values, once it is done', () => {
    const same = { status: 2, line_compare_result: true, content_compare_result: true };
    expect(ofContents(same).verdict).toBe('consistent');
    expect(ofContents({ ...same, content_compare_result: false }).verdict).toBe('inconsistent');
    expect(ofContents({ ...same, line_compare_result: false }).verdict).toBe('inconsistent');
    for (const unfinished of [{ status: 1 }, { status: 3 }, { status: 4 }, { content_compare_result: undefined }])
      expect(ofContents({ ...same, ...unfinished }).verdict).toBe('notFinished');
    expect(ofContents({ message: 'too wide' })).toEqual({
      verdict: 'notFinished',
      reason: 'DRS tells no result: too wide',
    });
  });

  test('the worst of several counts, and of none nothing is known', () => {
    expect(worst(['consistent', 'notComparable'])).toBe('notComparable');
    expect(worst(['notComparable', 'notFinished', 'consistent'])).toBe('notFinished');
    expect(worst([...CONSISTENCIES])).toBe('inconsistent');
    expect(worst([])).toBe('notFinished');
  });
});
