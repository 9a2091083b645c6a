import { z } from 'zod';
import { isList, type Tell, withRules } from '../drs/operations/common.js';
import { readPublicKey } from '../workflows/signatures.js';

/** The section `approvers` of drs-pilot.yaml: groups of people, and the keys that they sign with. */

const text = z.string().min(1);

const Key = text.transform((line, context) => {
  const key = readPublicKey(line);
  if (typeof key !== 'string') return key.line;
  context.addIssue({ code: 'custom', message: key });
  return z.NEVER;
});

const Member = z.strictObject({ name: text, keys: z.array(Key).min(1).optional() });

export const Group = z.strictObject({
  members: withRules(z.array(z.union([text, Member])).min(1), (members, tell) => {
    if (!isList(members)) return;
    const seen = new Set<unknown>();
    const keyed = members.some((member) => keysOf(member).length > 0);
    members.forEach((member, index) => {
      const name = nameOf(member);
      if (seen.has(name)) tell([index], 'stands here twice: each member counts once');
      seen.add(name);
      if (keyed && keysOf(member).length === 0)
        tell([index], 'has no key: where decisions of one member are signed, those of all are');
    });
  }),
});

/** Rules over all groups: a key stands for one person, and four eyes are two only where decisions are signed. */
export function approverRules(approvers: unknown, rules: unknown, tell: Tell): void {
  const owners = new Map<string, string>();
  for (const { group, members } of groupsIn(approvers))
    members.forEach((member, index) => {
      keysOf(member).forEach((line, number) => {
        const key = readPublicKey(line);
        if (typeof key === 'string') return;
        const owner = owners.get(key.line) ?? nameOf(member);
        owners.set(key.line, owner);
        if (owner !== nameOf(member))
          tell(
            ['approvers', group, 'members', index, 'keys', number],
            `is the key of ${owner}, too: a key stands for one person`,
          );
      });
    });
  if (!isList(rules)) return;
  rules.forEach((rule: unknown, index) => {
    const { fourEyes, group } = fieldsOf(rule);
    if (fourEyes !== true) return;
    const members = groupsIn(approvers).find((one) => one.group === group)?.members ?? [];
    if (!members.some((member) => keysOf(member).length > 0))
      tell(
        ['rules', index, 'fourEyes'],
        'needs a group whose members have keys: without them a name is a claim, and two may be one',
      );
  });
}

const groupsIn = (approvers: unknown): { group: string; members: readonly unknown[] }[] =>
  Object.entries(fieldsOf(approvers)).map(([group, entry]) => {
    const { members } = fieldsOf(entry);
    return { group, members: isList(members) ? members : [] };
  });

const nameOf = (member: unknown): string => String(typeof member === 'string' ? member : fieldsOf(member)['name']);
const keysOf = (member: unknown): readonly string[] => {
  const { keys } = fieldsOf(member);
  return isList(keys) ? keys.filter((line) => typeof line === 'string') : [];
};
const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
