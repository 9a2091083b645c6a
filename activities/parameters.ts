import { cancellationSignal } from '@temporalio/activity';
import { DrsError } from '../drs/errors.js';
import type { Reply } from '../drs/operations/index.js';
import type { JobAt } from './job.js';
import type { Services } from './services.js';

export interface DifferingParameter {
  readonly key: string;
  readonly source: string;
  readonly target: string;
  /** Why it was not changed, or what its change needs. */
  readonly remark?: string;
}

export interface ParameterComparison {
  readonly differing: readonly DifferingParameter[];
  /** Names of those that were set to the source's value. */
  readonly changed: readonly string[];
  /** Whether the target takes some over only at its restart; no call of DRS restarts it. */
  readonly restart: boolean;
}

type Parameter = NonNullable<Reply<'batchShowParams'>['params']>[number];

/** Above 70% of its memory the target may not start any more (§6.1.9), and no call tells its memory. */
const NEVER_ALIGNED = 'innodb_buffer_pool_size';

/** §6.1.9, and §6.1.10 where `align` says so: one call for each group. */
export const compareParameters =
  (services: Services) =>
  async ({ jobId, cloud, align }: JobAt & { readonly align: boolean }): Promise<ParameterComparison> => {
    const { drs } = services.cloud(cloud);
    const signal = cancellationSignal();
    const read = async () => (await drs.batchShowParams({ job_id: jobId, refresh: '1' }, { signal })).params ?? [];
    const differing = (await read()).filter(({ compare_result }) => compare_result === false);
    const wanted = align ? differing.filter((parameter) => remarkOf(parameter) === undefined) : [];
    let restart = false;
    for (const group of ['common', 'performance'] as const) {
      const params = wanted
        .filter((one) => one.group === group)
        .map(({ key, source_value }) => ({ key, target_value: source_value ?? '' }));
      if (params.length === 0) continue;
      const change = () => drs.updateParams({ job_id: jobId, group, params }, { signal });
      const { should_restart } = await change().catch(async (error: unknown) => {
        if (!(error instanceof DrsError) || error.kind !== 'stale') throw error;
        await read();
        return await change();
      });
      restart ||= should_restart === true;
    }
    return {
      differing: differing.map((parameter) => ({
        key: parameter.key,
        source: parameter.source_value ?? '',
        target: parameter.target_value ?? '',
        ...(align && remarkOf(parameter) && { remark: remarkOf(parameter) as string }),
      })),
      changed: wanted.map(({ key }) => key),
      restart,
    };
  };

function remarkOf({ key, source_value, group }: Parameter): string | undefined {
  if (key === NEVER_ALIGNED) return 'not changed: above 70% of its memory the target may not start; set it by hand';
  if (source_value === undefined) return 'not changed: the source has no value';
  return group === 'common' || group === 'performance' ? undefined : 'not changed: it is in no group that DRS changes';
}
