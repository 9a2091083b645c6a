import { matchesAny } from '../activities/glob.js';
import type { Admission, RunStart } from '../activities/services.js';
import { type Problem, wordOf } from '../drs/operations/common.js';
import { Requested } from '../workflows/plans/common.js';
import { digest, prove, requestText, unfit } from '../workflows/signed.js';
import type { Rule, WorkerConfig } from './config.js';
import { policyFor } from './policy.js';

type Fields = Readonly<Record<string, unknown>>;
type Config = Pick<WorkerConfig, 'approvers' | 'rules' | 'policy'>;

const MEND = 'drs-pilot start SPEC --key FILE signs it';

/**
 * Who requested a run, as the spec's `requested` proves it: a signature over the whole spec and the id of the run, made when it
 * was started. Where a rule of four eyes may hold it is demanded.
 */
export function requestOf(config: Config, kind: string, spec: Fields, start: RunStart): Admission {
  const eyes = config.rules.filter((rule) => mayHold(rule, config, kind, spec));
  const refuse = (path: string, message: string): Admission => ({ problems: [{ path, message }] });
  if (eyes.length > 0 && spec['switchback'] === true)
    return refuse(
      'switchback',
      'does not go with four eyes: nobody signs the request of the way back; start it by hand',
    );
  if (spec['requested'] === undefined)
    return eyes.length > 0 ? refuse('requested', `is missing: under four eyes a request is signed, and ${MEND}`) : NONE;
  const read = Requested.safeParse(spec['requested']);
  // What is wrong with its form is told with the rest of the spec.
  if (!read.success) return NONE;
  const { by } = read.data;
  const keys = Object.values(config.approvers).flatMap((group) => group.find(({ name }) => name === by)?.keys ?? []);
  if (keys.length === 0)
    return refuse('requested.by', "has no key: no group of the worker's approvers has one of that name");
  const proof = unfit(read.data, Date.parse(start.at)) ?? prove(read.data, keys, () => requestText(start, spec));
  if (typeof proof === 'string') return refuse('requested', `${proof} (${MEND})`);
  const { text, ...proved } = proof;
  return {
    problems: eyes.flatMap((rule) => tooFew(rule, config, by)),
    requester: { by, ...proved, sha256: digest(text) },
  };
}

const NONE: Admission = { problems: [] };

/** Whether people may be asked under that rule; a gate that shows only later what it is about asks for the request itself. */
function mayHold({ fourEyes, kinds, tasks, operations }: Rule, config: Config, kind: string, spec: Fields): boolean {
  if (!fourEyes || (kinds && !kinds.some((one) => one === kind))) return false;
  // They change nothing, and schedules start them, which sign nothing.
  if (kind === 'comparison' || spec['drill'] === true) return false;
  if (tasks && !namesIn(spec).some((name) => matchesAny(tasks, name))) return false;
  if (kind !== 'operation') return operations === undefined;
  const operation = wordOf(spec['operation']);
  if (operations && !operations.includes(operation)) return false;
  return spec['gate'] !== undefined || policyFor(config, operation) !== 'allow';
}

/** The run's name, and those of the tasks that it names. */
function namesIn({ name, task, stages }: Fields): string[] {
  const tasks = Array.isArray(stages) ? stages.flatMap((stage: Fields | null) => stage?.['tasks'] ?? []) : [];
  return [name, task, ...tasks].filter((one) => typeof one === 'string');
}

function tooFew({ approvals = 1, group = '' }: Rule, { approvers }: Config, requester: string): Problem[] {
  const others = (approvers[group] ?? []).filter(({ name }) => name !== requester).length;
  if (others >= approvals) return [];
  const message = `leaves too few under four eyes: ${approvals} of ${group} must approve, and besides ${requester} it has ${others}`;
  return [{ path: 'requested.by', message }];
}
