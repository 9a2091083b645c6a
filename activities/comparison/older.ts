import { cancellationSignal } from '@temporalio/activity';
import { explain } from '../../drs/codes.js';
import { ofWord } from '../../drs/consistency.js';
import { DrsError } from '../../drs/errors.js';
import type { Reply, Request } from '../../drs/operations/index.js';
import type { CloudServices } from '../services.js';
import type { Listed } from './create.js';
import type { DifferingRow, TableVerdict } from './read.js';
import { keepDifferences, type Reader } from './readers.js';
import type { Compare, ComparisonKind, Scope } from './scope.js';
import type { ObjectRow } from './tables.js';
import type { ObjectTypeSeen } from './wait.js';

/* The older form (§6.1.17, §6.1.18): one call creates, and one tells lists and results, as far as a page reaches. */

type Drs = CloudServices['drs'];
type Asked = Omit<Request<'listCompareResult'>, 'current_page' | 'per_page'>;
type Results = Reply<'listCompareResult'>;

const PER_PAGE = 100;

/** One part of all pages. Not all lists of a page tell how long they are: it is read until none of them is full, or nothing is new. */
async function* pagesOf<P extends keyof Results>(
  drs: Drs,
  asked: Asked,
  part: P,
): AsyncGenerator<NonNullable<Results[P]>> {
  let before = '';
  for (let page = 1; ; page += 1) {
    const request = { ...asked, current_page: page, per_page: PER_PAGE };
    const reply = (await drs.listCompareResult(request, { signal: cancellationSignal() }))[part];
    const { error_code: code, error_msg: message } = (reply ?? {}) as { error_code?: string; error_msg?: string };
    if (code)
      throw new DrsError(explain(code)?.kind ?? 'refused', `listCompareResult failed: ${message} (${code})`, {
        operation: 'listCompareResult',
        jobId: asked.job_id,
        code,
      });
    const text = JSON.stringify(reply ?? null);
    if (reply === undefined || text === before) return;
    before = text;
    yield reply as NonNullable<Results[P]>;
    if (longest(reply) < PER_PAGE) return;
  }
}

/** The length of the longest list at any depth. */
const longest = (value: unknown): number =>
  typeof value !== 'object' || value === null
    ? 0
    : Math.max(Array.isArray(value) ? value.length : 0, ...Object.values(value).map(longest));

/** All comparisons of a task, objects among them. */
export async function olderListed(drs: Drs, jobId: string): Promise<Listed[]> {
  const found: Listed[] = [];
  for await (const { compare_task_list = [] } of pagesOf(drs, { job_id: jobId }, 'compare_task_list_results'))
    for (const { compare_task_id: id, compare_type: type, compare_task_status: status = '' } of compare_task_list)
      if (id) found.push({ id, type: (type === 'object_comparison' ? 'objects' : type) as ComparisonKind, status });
  return found;
}

/** Creates one comparison and gives its id. */
export async function createOlder(
  drs: Drs,
  { jobId, kind, compare, unfinished }: Pick<Scope, 'jobId' | 'kind' | 'compare'> & { readonly unfinished: string },
  objects: readonly { readonly db_name: string; readonly table_name: string[] }[],
): Promise<string> {
  const data = {
    conflict_policy: unfinished === 'cancel' ? ('cancel' as const) : ('keep' as const),
    compare_type: kind as 'lines' | 'contents',
    compare_object_infos: [...objects],
    ...(compare.startAt && { start_time: String(Date.parse(compare.startAt)) }),
  };
  const { object_level_compare_create_result, data_level_compare_create_result } = await drs.createCompareTask(
    {
      job_id: jobId,
      ...(kind === 'objects' ? { object_level_compare_type: 'objects' } : { data_level_compare_info: data }),
    },
    { signal: cancellationSignal() },
  );
  const id = (object_level_compare_create_result ?? data_level_compare_create_result)?.compare_task_id;
  if (id) return id;
  const at = { operation: 'createCompareTask', jobId };
  throw new DrsError('transient', 'createCompareTask told no id; the comparison is looked up', at);
}

export interface OlderObjects {
  readonly types: readonly ObjectTypeSeen[];
  readonly rows: ReadonlyMap<string, readonly ObjectRow[]>;
}

/** What an object comparison found, in the words of §6.1.36 and §6.1.37. Rows that both sides have carry the result of their kind. */
export async function olderObjects(drs: Drs, jobId: string, id: string): Promise<OlderObjects> {
  const seen = new Map<string, { readonly result: string | undefined; readonly differences: number }>();
  const rows = new Map<string, Map<string, ObjectRow>>();
  const asked = { job_id: jobId, object_level_compare_id: id };
  for await (const page of pagesOf(drs, asked, 'object_level_compare_results')) {
    for (const {
      object_type: type = '',
      object_compare_result: result,
      diff_count = 0,
    } of page.object_compare_overview ?? [])
      seen.set(type, { result, differences: Math.abs(diff_count) });
    for (const [type, details] of Object.entries(page.object_compare_details ?? {})) {
      const mine = rows.get(type) ?? new Map<string, ObjectRow>();
      rows.set(type, mine);
      for (const row of details ?? []) mine.set(JSON.stringify(row), row);
    }
  }
  const status = (type: string) => STATUS[ofWord(seen.get(type)?.result).verdict];
  const types = [...seen.keys()].map((type) => ({ type, status: status(type) }));
  const judged = [...rows].map(([type, found]) => {
    const all = [...found.values()];
    const bad = all.filter(isBad).length;
    // What differs must stand among the rows, else none of them is known to be the same.
    const told = status(type) === 2 || (bad > 0 && bad >= (seen.get(type)?.differences ?? 0));
    return [type, all.map((row) => ({ ...row, status: isBad(row) ? 0 : told ? 2 : 3 }))] as const;
  });
  return { types, rows: new Map(judged) };
}

const isBad = ({ source_db_value, target_db_value, error_message }: ObjectRow): boolean =>
  !source_db_value || !target_db_value || Boolean(error_message);

const STATUS = { consistent: 2, inconsistent: 0, notComparable: 3, notFinished: 3 } as const;

interface Row {
  readonly source_table_name?: string | undefined;
  readonly target_table_name?: string | undefined;
  readonly source_row_num?: number | undefined;
  readonly target_row_num?: number | undefined;
  readonly diff_row_num?: number | undefined;
}

const described = (database: string, row: Row) => ({
  database,
  table: row.source_table_name ?? row.target_table_name ?? '',
  ...(row.source_row_num !== undefined && { sourceRows: row.source_row_num }),
  ...(row.target_row_num !== undefined && { targetRows: row.target_row_num }),
  ...(row.diff_row_num && { differing: Math.abs(row.diff_row_num) }),
});

/** Databases of which no table is told: what the overview says of them. */
const untold = (
  found: readonly TableVerdict[],
  overview: readonly { readonly database: string; readonly word: string | undefined }[],
): TableVerdict[] =>
  overview
    .filter(({ database }) => !found.some((one) => one.database === database))
    .map(({ database, word }) => ({ database, table: '', ...ofWord(word) }));

/** Of rows. */
const readLines: Reader = async ({ drs, input }) => {
  const found: TableVerdict[] = [];
  const overview = new Map<string, string | undefined>();
  const asked = { job_id: input.jobId, line_compare_id: input.compareJobId };
  for await (const page of pagesOf(drs, asked, 'line_compare_results')) {
    for (const row of page.line_compare_overview ?? [])
      overview.set(row.source_db_name ?? row.target_db_name ?? '', row.line_compare_result);
    for (const { source_db_name: database = '', line_compare_detail = [] } of page.line_compare_details ?? [])
      for (const row of line_compare_detail)
        found.push({
          ...described(database, row),
          ...ofWord(row.line_compare_result, row.message, 'the numbers of rows differ'),
        });
  }
  return [
    ...found,
    ...untold(
      found,
      [...overview].map(([database, word]) => ({ database, word })),
    ),
  ];
};

/** Of values: what can't be compared stands in lists of its own, and so do the rows that differ. */
const readContents: Reader = async ({ services, drs, input, files }) => {
  const found: TableVerdict[] = [];
  const overview = new Map<string, string | undefined>();
  const differing = new Map<string, DifferingRow[]>();
  const asked = { job_id: input.jobId, content_compare_id: input.compareJobId };
  for await (const page of pagesOf(drs, asked, 'content_compare_results')) {
    for (const row of page.content_compare_overview ?? [])
      overview.set(row.source_db_name ?? row.target_db_name ?? '', row.content_compare_result);
    for (const {
      source_db_name: database = '',
      content_compare_detail,
      content_uncompare_detail,
    } of page.content_compare_details ?? []) {
      for (const row of content_compare_detail ?? [])
        found.push({
          ...described(database, row),
          ...ofWord(row.content_compare_result, row.message, 'values differ'),
        });
      for (const row of content_uncompare_detail ?? [])
        found.push({ ...described(database, row), ...ofWord('CAN_NOT_COMPARE', row.message) });
    }
    for (const { source_db_name, source_table_name, content_compare_diff = [] } of page.content_compare_diffs ?? []) {
      const key = `${source_db_name}\n${source_table_name}`;
      differing.set(key, [...(differing.get(key) ?? []), ...content_compare_diff.map(differingRow)]);
    }
  }
  const counted = await keepDifferences(
    services,
    input,
    files,
    found.filter(({ database, table }) => differing.has(`${database}\n${table}`)),
    async function* ({ database, table }) {
      yield* differing.get(`${database}\n${table}`) ?? [];
    },
  );
  return [
    ...found.map((one) => ({ ...one, ...counted.get(`${one.database}\n${one.table}`) })),
    ...untold(
      found,
      [...overview].map(([database, word]) => ({ database, word })),
    ),
  ];
};

const differingRow = (row: {
  readonly source_key_value?: readonly string[] | undefined;
  readonly target_key_value?: readonly string[] | undefined;
  readonly source_select_sql?: string | undefined;
  readonly target_select_sql?: string | undefined;
}): DifferingRow => ({
  key: (row.source_key_value?.length ? row.source_key_value : (row.target_key_value ?? [])).join(', '),
  sql: row.source_select_sql ?? '',
  targetSql: row.target_select_sql ?? '',
});

export const OLDER_READERS = { lines: readLines, contents: readContents } as const;
export const isOlder = ({ form }: Pick<Compare, 'form'>): boolean => form === 'older';
