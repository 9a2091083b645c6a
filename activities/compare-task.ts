import { DrsError } from '../drs/errors.js';
import { detailsOf } from './job.js';
import type { Services } from './services.js';

export interface ComparedItem {
  readonly item: string;
  readonly class: 'ok' | 'warning';
  readonly value: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** Fields that make a task another one. */
const SAME = ['db_use_type', 'engine_type', 'job_direction', 'task_type', 'multi_write'] as const;

/**
 * Whether a task made elsewhere (§6.1.20) is what a spec describes. One of another kind is refused; other differences are
 * evidence for the person who is asked.
 */
export const compareTask =
  (services: Services) =>
  async ({
    cloud,
    jobId,
    request,
  }: {
    readonly cloud?: string;
    readonly jobId: string;
    readonly request: Fields;
  }): Promise<{ items: ComparedItem[] }> => {
    const details = await detailsOf(services, { jobId, ...(cloud && { cloud }) });
    const found: Fields = { ...details, engine_type: details.inst_info?.engine_type ?? details['engine_type'] };
    const others = SAME.filter(
      (field) => found[field] !== undefined && request[field] !== undefined && found[field] !== request[field],
    );
    if (others.length > 0) {
      const what = others.map((field) => `${field} is ${found[field]}, the spec says ${request[field]}`).join('; ');
      throw new DrsError(
        'wrongId',
        `${jobId} is not the task of this spec: ${what}. Adopt another one or change the spec.`,
        { operation: 'batchListJobDetails', jobId },
      );
    }
    const compare = (item: string, there: unknown, said: unknown): ComparedItem => {
      const same =
        said === undefined || there === undefined || String(there).toLowerCase() === String(said).toLowerCase();
      return {
        item,
        class: same ? 'ok' : 'warning',
        value: same ? String(there ?? said ?? '') : `the task has ${there}, the spec ${said}`,
      };
    };
    const ends = (['source', 'target'] as const).flatMap((end) => {
      const said = (request[`${end}_endpoint`] ?? {}) as Fields;
      const there = details[`${end}_endpoint`] as Fields | undefined;
      return ['db_type', 'ip', 'inst_id', 'db_user']
        .filter((field) => said[field] !== undefined)
        .map((field) => compare(`${end}.${field}`, there?.[field], said[field]));
    });
    return {
      items: [compare('status', details.status, undefined), compare('name', details.name, request['name']), ...ends],
    };
  };
