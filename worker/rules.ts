import { matchesAny } from '../activities/glob.js';
import type { Problem } from '../drs/operations/common.js';
import type { Member, Rule, WorkerConfig } from './config.js';

/** What is about to be decided. */
export interface Occasion {
  readonly kind: string;
  /** Name of the DRS task. */
  readonly name: string;
  /** Names of all tasks, where it is about others than `name` says: what matches any of them holds. */
  readonly tasks?: readonly string[] | undefined;
  /** A gate or one of its openings: `cutover`, `cutover#2`. */
  readonly gate?: string;
  readonly operation?: string | undefined;
}

/** What the worker's rules and the spec together demand. */
export interface Demand {
  readonly approvals: number;
  /** Whose approvals count, by name of the group; null where anybody's do. */
  readonly group: string | null;
  /** The names of the group. Absent: anybody. */
  readonly members?: readonly string[];
  /** Public keys of each member, where their decisions must be signed. */
  readonly keys?: Readonly<Record<string, readonly string[]>>;
  /** Whoever requested the run can't approve. */
  readonly fourEyes: boolean;
  /** Whether a decision may say `force`. */
  readonly force: boolean;
  /** Whose approvals count, too, once the gate has been open for a while. */
  readonly escalation?: { readonly group: string; readonly members: readonly string[] };
  /** What the spec asks for and cannot be, each path counted from the gate's place in the spec. */
  readonly problems: readonly Problem[];
}

/** What a spec asks of a gate. */
export interface Asked {
  readonly approvals?: number | undefined;
  readonly group?: string | undefined;
  readonly escalate?: string | undefined;
  /** Whether force would override what blocks: then a rule must allow it. */
  readonly forcible?: boolean | undefined;
}

/**
 * The strictest of all rules that match and of what the spec asks: most approvals, only who is in every named group and signs with
 * a key that counts in all of them, force only if nobody forbids it. So a spec can add to the rules and take nothing away: it
 * escalates to nobody whom a rule keeps out.
 */
export function ruleFor(
  { rules, approvers }: Pick<WorkerConfig, 'rules' | 'approvers'>,
  occasion: Occasion,
  asked: Asked = {},
): Demand {
  const names = occasion.tasks && occasion.tasks.length > 0 ? occasion.tasks : [occasion.name];
  const holding = (name: string) => rules.filter((rule) => applies(rule, { ...occasion, name }));
  const matching = rules.filter((rule) => names.some((name) => holding(name).includes(rule)));
  const known = asked.group === undefined || Object.hasOwn(approvers, asked.group);
  const named = [...matching.map(({ group }) => group), known ? asked.group : undefined];
  const groups = [...new Set(named.filter((group) => group !== undefined))];
  const signing = [
    ...groups,
    ...matching.flatMap(({ escalateTo }) => escalateTo ?? []),
    ...(asked.escalate ? [asked.escalate] : []),
  ];
  const keys = new Map<string, readonly string[]>();
  const signs = (name: string): boolean => {
    const own = keysFor(approvers, [...new Set(signing)], name);
    if (own) keys.set(name, own);
    return own?.length !== 0;
  };
  const members =
    groups.length > 0
      ? common(groups.map((group) => approvers[group] ?? [])).filter(({ name }) => signs(name))
      : undefined;
  const approvals = Math.max(asked.approvals ?? 1, ...matching.map((rule) => rule.approvals ?? 0));

  const problems: Problem[] = [];
  const group = groups.length > 0 ? groups.join(' and ') : null;
  if (!known) problems.push({ path: 'group', message: `the worker's approvers have no group "${asked.group}"` });
  if (members && approvals > members.length) problems.push(tooFew(approvals, members.length, group ?? '', asked));
  const escalation = asked.escalate === undefined ? undefined : escalated(approvers, matching, asked.escalate, signs);
  if (typeof escalation === 'string') problems.push({ path: 'escalate.group', message: escalation });
  // What may be overridden for one task of a group may not yet be so for the others.
  const allowed = !asked.forcible || names.every((name) => holding(name).some((rule) => rule.force === true));
  return {
    approvals,
    group,
    ...(members && { members: members.map(({ name }) => name) }),
    ...(keys.size > 0 && { keys: Object.fromEntries(keys) }),
    fourEyes: matching.some(({ fourEyes }) => fourEyes === true),
    force: allowed && matching.every((rule) => rule.force !== false),
    ...(typeof escalation === 'object' && { escalation }),
    problems,
  };
}

/** A condition that the occasion says nothing about is not met; only what is left out of a rule matches everything. */
export function applies({ kinds, tasks, gates, operations }: Rule, { kind, name, gate, operation }: Occasion): boolean {
  const opened = gate?.replace(/#\d+$/, '');
  return (
    (kinds === undefined || kinds.some((one) => one === kind)) &&
    (tasks === undefined || matchesAny(tasks, name)) &&
    (gates === undefined || (opened !== undefined && gates.includes(opened))) &&
    (operations === undefined || (operation !== undefined && operations.includes(operation)))
  );
}

/** Those of a group whom every rule lets in: into its own group, or into the one that it may be escalated to. */
function escalated(
  approvers: WorkerConfig['approvers'],
  rules: readonly Rule[],
  group: string,
  signs: (name: string) => boolean,
): NonNullable<Demand['escalation']> | string {
  if (!Object.hasOwn(approvers, group)) return `the worker's approvers have no group "${group}"`;
  const strict = rules.filter((rule) => rule.group !== undefined);
  const lets = (rule: Rule, name: string): boolean =>
    [rule.group, rule.escalateTo].some((one) => one !== undefined && approvers[one]?.some((who) => who.name === name));
  const members = (approvers[group] ?? []).map(({ name }) => name);
  const may = members.filter((name) => strict.every((rule) => lets(rule, name)) && signs(name));
  if (may.length > 0) return { group, members: may };
  const groups = [...new Set(strict.map((rule) => rule.group))].join(' and ');
  return `nobody of ${group} may decide here: the worker's rules want ${groups}, and name no escalateTo with them`;
}

/** Members of all groups. */
function common([first = [], ...others]: readonly (readonly Member[])[]): readonly Member[] {
  return first.filter(({ name }) => others.every((group) => group.some((other) => other.name === name)));
}

/** The keys that count in all of the groups that have some of this name; undefined: it is a claim. Empty: nobody can sign. */
function keysFor(approvers: WorkerConfig['approvers'], groups: readonly string[], name: string) {
  const lists = groups.flatMap((group) => {
    const keys = approvers[group]?.find((member) => member.name === name)?.keys;
    return keys ? [keys] : [];
  });
  const [first, ...others] = lists;
  return first?.filter((key) => others.every((list) => list.includes(key)));
}

function tooFew(
  approvals: number,
  members: number,
  group: string,
  asked: { readonly group?: string | undefined },
): Problem {
  const path = asked.group === undefined ? 'approvals' : 'group';
  return {
    path,
    message: `${approvals} approvals are needed and only ${members} ${members === 1 ? 'person' : 'people'} of ${group} may give one`,
  };
}
