import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Evidence, Item, ItemClass } from './messages.js';

/** Long values are cut: evidence is read by a person, and lies in the history. */
const LONGEST = 600;

export const item = (name: string, itemClass: ItemClass, value: string): Item => ({
  item: name.slice(0, 300),
  class: itemClass,
  value: value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value,
});

/** A numbered snapshot; its hash is over the items with their keys in order, so that anybody can compute it again. */
export function evidence(items: readonly Item[], snapshot = 1): Evidence {
  const ordered = items.map(({ item, class: c, value }) => ({ class: c, item, value }));
  return { snapshot, hash: bytesToHex(sha256(utf8ToBytes(JSON.stringify(ordered)))), items };
}

const SEVERITY: Readonly<Record<ItemClass, number>> = { ok: 0, warning: 1, blocking: 2 };

/** The items that are worse than they were, and the bad ones that are new. */
export function worsened(before: readonly Item[], after: readonly Item[]): Item[] {
  const was = new Map<string, number>();
  for (const { item, class: c } of before) was.set(item, Math.max(was.get(item) ?? 0, SEVERITY[c]));
  return after.filter(({ item, class: c }) => SEVERITY[c] > (was.get(item) ?? SEVERITY.ok));
}
