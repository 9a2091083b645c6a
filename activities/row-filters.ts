import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { DrsError } from '../drs/errors.js';
import type { Reply } from '../drs/operations/index.js';
import { detailsOf, type JobAt, lookingFirst } from './job.js';
import type { Services } from './services.js';

type Fields = Readonly<Record<string, unknown>>;

export interface RowFiltersInput extends JobAt {
  /** Requests of §6.3.1, a rule each. */
  readonly filters: readonly Fields[];
}

interface Rule {
  /** Table and sort of rule: a table has one of each. */
  readonly key: string;
  /** What the rule says. */
  readonly says: string;
}

/**
 * §6.3.1, one after the other. A rule can be added once and never be taken away, so what the task has already (§6.1.20) is left
 * alone; another rule on the same table is for a person to look at.
 */
export const addRowFilters =
  (services: Services) =>
  async ({ filters, ...job }: RowFiltersInput): Promise<{ added: number; total: number }> => {
    const { drs } = services.cloud(job.cloud);
    const there = new Map(storedRules(await detailsOf(services, job)).map(({ key, says }) => [key, says]));
    const open = filters.filter((filter) => {
      const { key, says } = askedRule(filter);
      const has = there.get(key);
      if (has !== undefined && has !== says) throw another(job.jobId, key, has);
      return has === undefined;
    });
    for (const [index, filter] of open.entries()) {
      heartbeat({ progress: Math.floor((index / open.length) * 100) });
      await lookingFirst(() =>
        drs.batchChangeData({ ...filter, job_id: job.jobId } as never, { signal: cancellationSignal() }),
      );
    }
    return { added: open.length, total: filters.length };
  };

const another = (jobId: string, key: string, has: string): DrsError =>
  new DrsError(
    'request',
    `${key} has another rule already: ${has}. A table has one, and no call takes it away: delete it in the console of DRS, then retry.`,
    { operation: 'batchChangeData', jobId, code: 'DRS.M07000' },
  );

function askedRule(filter: Fields): Rule {
  const { transformation_type: type, value } = filter['transformation_info'] as { [field: string]: string };
  const lookup = filter['config_transformation'] as Fields | undefined;
  if (lookup) return { key: `configuration of ${lookup['db_table_name']}`, says: lookupSays(lookup) };
  const [object] = filter['object_info'] as readonly { id: string }[];
  return { key: `${type} of ${tableOf(object?.id)}`, says: plain(value) };
}

function storedRules({ data_transformation }: Reply<'batchListJobDetails'>): Rule[] {
  return (data_transformation?.filter_conditions ?? []).flatMap((rule) => {
    const { config_transformation: lookup, transformation_info: info } = rule;
    if (lookup?.db_table_name) return [{ key: `configuration of ${lookup.db_table_name}`, says: lookupSays(lookup) }];
    return (rule.data_transformation_object_infos ?? []).map(({ id }) => ({
      key: `contentConditionalFilter of ${tableOf(id)}`,
      says: plain(info?.value),
    }));
  });
}

/** Stored ids end in what kind of rule they are for: `crm-*-*-accounts-*-*---conditionFilter--`. */
const tableOf = (id = ''): string => id.replace(/-\*-\*---\w+--$/, '').replaceAll('-*-*-', '.');

const lookupSays = (lookup: Fields): string =>
  ['col_names', 'prim_key_or_index', 'indexs', 'values'].map((field) => plain(lookup[field])).join('; ');

const plain = (text: unknown): string =>
  String(text ?? '')
    .trim()
    .replace(/\s+/g, ' ');
