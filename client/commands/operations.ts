import { Command } from 'commander';
import { z } from 'zod';
import type { Operation } from '../../drs/operation.js';
import { operations as table } from '../../drs/operations/index.js';
import { entryOf } from '../../workflows/plans/operation.js';
import { failed, type MakeCommand } from '../command.js';
import { table as columns, plain } from '../output.js';

export const operations: MakeCommand = ({ output }) =>
  new Command('operations')
    .description('list the calls of the API, or show one with the JSON Schema of its request')
    .argument('[operation]', 'id of a call')
    .option('--json', 'one object per line, with an id one object')
    .addHelpText(
      'after',
      '\nExamples:\n  drs-pilot operations\n  drs-pilot operations batchStopJobs\n  drs-pilot operations --json | jq -r "select(.batch) | .id"',
    )
    .action((id: string | undefined) => {
      if (id === undefined) {
        const rows = Object.entries(table).map(([name, entry]) => describe(name, entry));
        if (output.json) for (const row of rows) output.result(row, '');
        else output.result(rows, columns([HEAD, ...rows.map(cells)]));
        return;
      }
      const entry = entryOf(id);
      if (!entry) throw failed(`${plain(id)} is no call of DRS: drs-pilot operations lists them.`);
      const shown = { ...describe(id, entry), request: requestSchema(entry) };
      output.result(shown, render(shown));
    });

/** One call, as `--json` prints it. */
export interface Described {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly section: string;
  /** How many jobs one request may carry; null where it is one. */
  readonly batch: number | null;
  /** Of §8.2 of the reference; null where that has none. */
  readonly iamAction: string | null;
  readonly roles: readonly string[];
  /** False where a second sending could do harm: a lost reply is then asked about. */
  readonly repeatable: boolean;
  readonly what: string;
}

function describe(id: string, { route, section, batch, action, roles, repeatable, summary }: Operation): Described {
  const [method = '', path = ''] = route.split(' ');
  const most = batch && batch.limit > 1 ? batch.limit : null;
  return {
    id,
    method,
    path,
    section,
    batch: most,
    iamAction: action ?? null,
    roles: roles ?? [],
    repeatable,
    what: summary,
  };
}

const requestSchema = ({ request }: Operation): object =>
  z.toJSONSchema(request, { io: 'input', unrepresentable: 'any' });

const HEAD = ['OPERATION', 'SECTION', 'METHOD', 'PATH', 'JOBS', 'IAM ACTION', 'WHAT IT DOES'];
const cells = ({ id, section, method, path, batch, iamAction, what }: Described): string[] => {
  return [id, section, method, path, `${batch ?? 1}`, iamAction ?? '', what];
};

function render({ request, ...call }: Described & { readonly request: object }): string {
  const { id, what, section, method, path, batch, iamAction, roles, repeatable } = call;
  return [
    `${id}: ${what}`,
    `section ${section}: ${method} ${path}`,
    batch ? `up to ${batch} jobs in one request; lists of any length are sent in tens` : 'one job a request',
    iamAction
      ? `IAM action ${iamAction}${roles.length > 0 ? `, and ${roles.join(', ')}` : ''}`
      : 'the reference names no IAM action',
    repeatable ? 'safe to repeat' : 'not safe to repeat: where its reply is lost, a person is asked',
    '',
    "one job's request:",
    JSON.stringify(request, undefined, 2),
  ].join('\n');
}
