import { describe, expect, test } from 'vitest';
import { offsetsOf } from '../../activities/zones.js';
import { evidence } from '../../workflows/evidence.js';
import type { Question } from '../../workflows/gate.js';
import type { Choice, Decision, Item } from '../../workflows/messages.js';
import { Opening } from '../../workflows/opening.js';
import { Proofs } from '../../workflows/proofs.js';
import { refusal } from '../../workflows/refusal.js';
import { type PublicKey, readPublicKey } from '../../workflows/signatures.js';
import { decisionText } from '../../workflows/signed.js';
import { closesAt, type Hours, isOpen, opensAt, readWindow } from '../../workflows/window.js';
import { securityKey } from '../support/ssh-keys.js';

const NEW = securityKey().line;
const MINUTE = 60_000;
const T = Date.parse('2026-01-31T18:00:00Z');
const iso = (ms: number): string => new Date(ms).toISOString();
const item = (name: string, c: Item['class'], value = 'v'): Item => ({ item: name, class: c, value });
const rpo = (c: Item['class']) => item('orders-dr: RPO', c);
const source = (c: Item['class']) => item('orders-dr: source', c);
const said = (by: string, more: Partial<Decision> = {}): Decision => ({
  gate: 'switchover#1',
  by,
  reason: 'as agreed',
  decision: 'approve',
  snapshot: 1,
  ...more,
});

function open(question: Partial<Question> = {}, rule: Partial<Question['rule']> = {}): Opening {
  return new Opening(
    'switchover#1',
    {
      name: 'switchover',
      question: 'Switch over?',
      decisions: ['approve', 'reject'],
      evidence: evidence([rpo('ok'), source('ok')]),
      rule: { approvals: 2, group: 'dba', members: ['ada', 'ben', 'cleo'], ...rule },
      ...question,
    },
    T,
  );
}

/** What `refusal` says, or undefined after the decision was counted. */
function say(opening: Opening, decision: Decision, at: number): string | undefined {
  const why = refusal(opening, decision, at);
  if (why === undefined) opening.take(decision, at);
  return why;
}

describe('approvals that expire', () => {
  test('all must count at the same time: one that has expired is missing, and is given anew', () => {
    const opening = open({ validFor: 30 * MINUTE });
    say(opening, said('ada'), T);
    expect(opening.view(T).approvers).toEqual([
      { by: 'ada', at: '2026-01-31T18:00:00.000Z', expires: '2026-01-31T18:30:00.000Z' },
    ]);
    say(opening, said('ben'), T + 30 * MINUTE);
    expect(opening.count(T + 30 * MINUTE)).toBe('1 of 2');
    expect(opening.answer).toBeUndefined();
    say(opening, said('ada'), T + 40 * MINUTE);
    expect(opening.answer).toMatchObject({ decision: 'approve', by: ['ben', 'ada'], until: T + 60 * MINUTE });
  });

  test('one that is repeated in time counts from then on', () => {
    const opening = open({ validFor: 30 * MINUTE });
    say(opening, said('ada'), T);
    say(opening, said('ada', { reason: 'still' }), T + 20 * MINUTE);
    say(opening, said('ben'), T + 45 * MINUTE);
    expect(opening.answer).toMatchObject({ by: ['ada', 'ben'], until: T + 50 * MINUTE });
  });

  test('without a time they count until the gate closes', () => {
    const opening = open();
    say(opening, said('ada'), T);
    say(opening, said('ben'), T + 1_000_000 * MINUTE);
    expect(opening.answer).toMatchObject({ by: ['ada', 'ben'] });
    expect(opening.answer?.until).toBeUndefined();
  });
});

describe('evidence that changes', () => {
  test.each<[string, Item[], Item[]]>([
    ['a class that gets worse', [rpo('warning'), source('ok')], [rpo('warning')]],
    ['a bad item that is new', [rpo('ok'), source('ok'), item('new', 'warning')], [item('new', 'warning')]],
  ])('%s voids the approvals given before, and they are given anew on what is shown now', (_, items, worse) => {
    const opening = open({ evolves: true });
    say(opening, said('ada'), T);
    expect(opening.renew(items, T)).toEqual({ worse, voided: ['ada'] });
    expect(opening.count(T)).toBe('0 of 2');
    expect(opening.view(T).evidence).toEqual(evidence(items, 2));
    expect(say(opening, said('ada'), T)).toBe('the evidence has changed: snapshot 1 was seen, 2 is shown now');
    say(opening, said('ada', { snapshot: 2 }), T);
    say(opening, said('ben', { snapshot: 2 }), T);
    expect(opening.answer).toMatchObject({ decision: 'approve', evidence: { snapshot: 2 } });
  });

  test.each<[string, Item[]]>([
    ['values that move within their class', [item('orders-dr: RPO', 'ok', '2 s'), source('ok')]],
    ['a good item that is new', [rpo('ok'), source('ok'), item('new', 'ok')]],
    ['an item that is gone', [rpo('ok')]],
  ])('%s void nothing', (_, items) => {
    const opening = open({ evolves: true });
    say(opening, said('ada'), T);
    expect(opening.renew(items, T)).toEqual({ worse: [], voided: [] });
    expect(opening.count(T)).toBe('1 of 2');
  });

  test('an approval names what was seen; whoever stops it need not have seen the latest', () => {
    const opening = open({ evolves: true });
    expect(say(opening, said('ada', { snapshot: undefined as never }), T)).toBe(
      'an approval names the evidence that was seen: "snapshot": 1',
    );
    opening.renew([rpo('warning')], T);
    expect(say(opening, said('ada', { decision: 'reject' }), T)).toBeUndefined();
    expect(opening.answer).toMatchObject({ decision: 'reject' });
  });

  test('what was approved, on which evidence and until when goes over to the next run', () => {
    const question: Partial<Question> = { evolves: true, validFor: 30 * MINUTE };
    const before = open(question);
    before.renew([rpo('ok')], T);
    say(before, said('ada', { snapshot: 2 }), T);
    const carried = JSON.parse(JSON.stringify(before.carry()));
    const after = new Opening(before.id, before.question, carried.opened, carried);
    expect(after.view(T)).toEqual(before.view(T));
    say(after, said('ben', { snapshot: 2 }), T + MINUTE);
    expect(after.answer).toMatchObject({ by: ['ada', 'ben'], until: T + 30 * MINUTE });
  });

  test.each([
    ['left the group', { members: ['ben', 'cleo'] }, 'old'],
    ['lost the key', { keys: { ada: [NEW] } }, 'old'],
    ['needs a key now', { keys: { ada: [NEW] } }, undefined],
    ['requested the run, under four eyes', { fourEyes: true }, 'old'],
  ])('what somebody approved who %s meanwhile counts no more', (_, rule, key) => {
    const before = open();
    const { question } = before;
    const carried = { ...before.carry(), approvals: [{ ...said('ada'), at: T, ...(key && { key }) }] };
    const resumed = (more: object) =>
      new Opening(before.id, { ...question, requester: 'ada', rule: { ...question.rule, ...more } }, T, carried);
    expect(resumed({}).count(T)).toBe('1 of 2');
    expect(resumed(rule)).toMatchObject({ gone: ['ada'] });
    expect(resumed(rule).count(T)).toBe('0 of 2');
  });

  test('a key that is still there keeps what it proved', () => {
    const { fingerprint } = readPublicKey(NEW) as PublicKey;
    const before = open();
    const carried = { ...before.carry(), approvals: [{ ...said('ada'), at: T, key: fingerprint }] };
    const rule = { ...before.question.rule, keys: { ada: [NEW] } };
    expect(new Opening(before.id, { ...before.question, rule }, T, carried).count(T)).toBe('1 of 2');
  });
});

describe('blocking items', () => {
  const forcible = ['orders-dr: RPO', 'orders-dr: source'];
  const blocked = (force: boolean | undefined, more: Partial<Question> = {}) =>
    open(
      { forcible, evidence: evidence([rpo('blocking'), source('ok')]), ...more },
      force === undefined ? {} : { force },
    );

  test('keep a gate from being approved, and not from being rejected', () => {
    const opening = blocked(false);
    const why = "force is not allowed: no rule of the worker's configuration says so here";
    for (const force of [true, undefined])
      expect(say(opening, said('ada', force ? { force } : {}), T)).toBe(`blocked by orders-dr: RPO: ${why}`);
    expect(opening.view(T).blocked).toEqual({ by: ['orders-dr: RPO'], force: why });
    expect(say(opening, said('ada', { decision: 'reject' }), T)).toBeUndefined();
  });

  test('are overridden where the rules allow force and every approval says so', () => {
    const opening = blocked(true);
    expect(opening.view(T).blocked?.force).toBe('allowed');
    expect(say(opening, said('ada'), T)).toBe('blocked by orders-dr: RPO: an approval must say "force": true, and why');
    expect(say(opening, said('ada', { force: true }), T)).toBeUndefined();
    expect(say(opening, said('ben'), T)).toMatch(/must say "force": true/);
    expect(say(opening, said('ben', { force: true }), T)).toBeUndefined();
    expect(opening.answer).toMatchObject({ decision: 'approve', forced: true });
  });

  test('that force never overrides are named, whatever the rules say', () => {
    const status = item('orders-dr: status', 'blocking');
    const opening = blocked(true, { evidence: evidence([rpo('blocking'), status]) });
    const why = 'blocked by orders-dr: RPO, orders-dr: status: force never overrides orders-dr: status';
    expect(say(opening, said('ada', { force: true }), T)).toBe(why);
  });

  test('that come after an approval void it, and one that went away makes it none by force', () => {
    const opening = blocked(true, { evidence: evidence([rpo('ok')]), evolves: true });
    say(opening, said('ada'), T);
    expect(opening.renew([rpo('blocking')], T).voided).toEqual(['ada']);
    say(opening, said('ada', { force: true, snapshot: 2 }), T);
    opening.renew([rpo('ok')], T);
    say(opening, said('ben', { snapshot: 3 }), T);
    expect(opening.answer).toMatchObject({ decision: 'approve', forced: false });
  });

  test('are only shown at gates that say nothing of them', () => {
    const opening = open({ evidence: evidence([rpo('blocking')]) }, { approvals: 1 });
    expect(say(opening, said('ada'), T)).toBeUndefined();
  });
});

test('a second group may decide once the gate has been open for a while', () => {
  const opening = open({ escalateAfter: 15 * MINUTE }, { escalation: { group: 'lead', members: ['emil'] } });
  expect(say(opening, said('emil'), T)).toBe(
    'emil is not in the group dba; lead may decide from 2026-01-31T18:15:00Z on',
  );
  expect(say(opening, said('eve'), T)).toBe('eve is not in the group dba');
  const later = T + 15 * MINUTE;
  expect(say(opening, said('eve'), later)).toBe('eve is neither in the group dba nor in lead');
  say(opening, said('ada'), later);
  say(opening, said('emil'), later);
  expect(opening.answer).toMatchObject({ by: ['ada', 'emil'] });
});

describe('where decisions are signed', () => {
  const place = { namespace: 'default', workflowId: 'switchover-night', runId: 'r1' };
  const [ada, ben, old] = [securityKey(), securityKey(), securityKey()];
  const keys = { ada: [ada.line], ben: [ben.line] };
  const signed = (opening: Opening, decision: Decision, at = T, key = decision.by === 'ada' ? ada : ben): Decision => {
    const timed = { ...decision, time: iso(at) };
    return { ...timed, signature: key.sign(decisionText(place, opening.shown.hash, timed)) };
  };
  const asking = (rule: Partial<Question['rule']> = {}, more: Partial<Question> = {}) =>
    open({ proofs: new Proofs(place), ...more }, { members: ['ada', 'ben'], keys, ...rule });

  test('every decision of a member is, approvals and rejections alike', () => {
    for (const decision of ['approve', 'reject'] satisfies Choice[]) {
      const opening = asking();
      expect(say(opening, said('ada', { decision }), T)).toContain('must be signed, with time and signature');
      expect(say(opening, signed(opening, said('ada', { decision })), T)).toBeUndefined();
    }
    const opening = asking();
    const { snapshot: _, ...blind } = said('ada');
    expect(say(opening, signed(opening, blind), T)).toContain('names the evidence that was seen: "snapshot": 1');
  });

  test('what was signed by another key, for another place, or was changed since counts nothing', () => {
    const opening = asking();
    const good = signed(opening, said('ada', { items: ['x'], decision: 'reject' }));
    const differs = expect.stringContaining('something differs from what was signed');
    expect(say(opening, signed(opening, said('ada'), T, old), T)).toContain('which is not one of theirs');
    expect(say(opening, { ...good, by: 'ben' }, T)).toContain('which is not one of theirs');
    const changed = {
      decision: 'approve',
      reason: 'other',
      items: ['y'],
      force: true,
      change: {},
      time: iso(T + 1),
    } as const;
    for (const [field, value] of Object.entries(changed))
      expect(say(opening, { ...good, [field]: value }, T), field).toEqual(differs);
    for (const other of [{ runId: 'r2' }, { workflowId: 'w' }, { namespace: 'n' }])
      expect(say(asking({}, { proofs: new Proofs({ ...place, ...other }) }), signed(opening, said('ada')), T)).toEqual(
        differs,
      );
    const elsewhere = asking({}, { evidence: evidence([rpo('ok')]) });
    expect(say(elsewhere, signed(opening, said('ada')), T)).toEqual(differs);
    expect(opening.count(T)).toBe('0 of 2');
  });

  test('a signature is good for five minutes, and once', () => {
    const opening = asking();
    const approval = signed(opening, said('ada'));
    expect(say(opening, approval, T + 5 * MINUTE + 1)).toContain('more than 5 minutes from 2026-01-31T18:05:00.001Z');
    expect(say(opening, approval, T - 5 * MINUTE - 1)).toContain('more than 5 minutes');
    expect(say(opening, approval, T + 5 * MINUTE)).toBeUndefined();
    expect(say(opening, signed(opening, said('ada', { decision: 'withdraw' }), T + 1), T)).toBeUndefined();
    expect(say(opening, approval, T)).toContain('counts already: sign again');
    expect(opening.count(T)).toBe('0 of 2');
  });

  test('an approval of older evidence counts nothing; who stops need not have seen the latest', () => {
    const opening = asking({}, { evolves: true });
    const [approval, rejection] = [signed(opening, said('ada')), signed(opening, said('ben', { decision: 'reject' }))];
    opening.renew([rpo('warning'), source('ok')], T);
    expect(say(opening, approval, T)).toContain('snapshot 1 was seen, 2 is shown now');
    expect(say(opening, { ...approval, snapshot: 2 }, T)).toContain('something differs');
    expect(say(opening, rejection, T)).toBeUndefined();
  });

  test('under four eyes whoever requested the run may stop it, and never agree to it', () => {
    const opening = asking({ approvals: 1, fourEyes: true }, { requester: 'ada' });
    expect(say(opening, signed(opening, said('ada')), T)).toBe(
      'four eyes: ada requested this run, so others must approve',
    );
    expect(opening.view(T)).toMatchObject({ signed: true, fourEyes: 'ada' });
    expect(say(opening, signed(opening, said('ben')), T)).toBeUndefined();
    const unsigned = asking({ approvals: 1, fourEyes: true });
    expect(say(unsigned, signed(unsigned, said('ben')), T)).toContain('nobody signed the request of this run');
    expect(say(unsigned, signed(unsigned, said('ada', { decision: 'reject' })), T)).toBeUndefined();
  });

  test('a flood of bad signatures is cut short, and what is right counts a moment later', () => {
    const opening = asking();
    const bad = {
      ...said('ada', { time: iso(T) }),
      signature: signed(opening, said('ada', { reason: 'other' })).signature,
    };
    const why = Array.from({ length: 600 }, () => refusal(opening, bad as Decision, T));
    expect(why[0]).toContain('something differs');
    expect(why.at(-1)).toContain('too many bad signatures came at the same time');
    expect(say(opening, signed(opening, said('ada')), T + 1)).toBeUndefined();
  });
});

describe('a window', () => {
  const hours = (text: string, from = T): Hours => {
    const window = readWindow(text);
    if (typeof window === 'string') throw new Error(window);
    return { ...window, offsets: offsetsOf(window.zone, from) };
  };
  const at = (time: string): number => Date.parse(time);

  test('an approval outside of it counts nothing and hears when it opens; the answer holds until it closes', () => {
    const opening = open({ hours: hours('01:00–04:00 Asia/Shanghai'), validFor: 180 * MINUTE }, { approvals: 1 });
    expect(say(opening, said('ada'), at('2026-01-31T16:59:59Z'))).toBe(
      'outside the window 01:00–04:00 Asia/Shanghai, which opens at 2026-01-31T17:00:00Z',
    );
    expect(say(opening, said('ada'), at('2026-01-31T20:00:00Z'))).toMatch(/which opens at 2026-02-01T17:00:00Z$/);
    expect(say(opening, said('ada'), at('2026-01-31T17:30:00Z'))).toBeUndefined();
    expect(opening.answer?.until).toBe(at('2026-01-31T20:00:00Z'));
  });

  test('the first of expiry and close of the window bounds the answer', () => {
    const opening = open({ hours: hours('01:00-04:00 Asia/Shanghai'), validFor: 30 * MINUTE }, { approvals: 1 });
    say(opening, said('ada'), T);
    expect(opening.answer?.until).toBe(T + 30 * MINUTE);
  });

  test('a rejection is heard at any time', () => {
    const opening = open({ hours: hours('01:00–04:00 Asia/Shanghai') });
    expect(say(opening, said('ada', { decision: 'reject' }), at('2026-01-31T08:00:00Z'))).toBeUndefined();
  });

  test('goes past midnight', () => {
    const night = hours('22:00–02:00 UTC');
    const open = ['21:59', '22:00', '23:59'].map((time) => isOpen(night, at(`2026-01-31T${time}:00Z`)));
    expect([...open, isOpen(night, at('2026-02-01T01:59:59Z')), isOpen(night, at('2026-02-01T02:00:00Z'))]).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
    expect(iso(closesAt(night, at('2026-01-31T23:00:00Z')))).toBe('2026-02-01T02:00:00.000Z');
    expect(iso(opensAt(night, at('2026-02-01T02:00:00Z')))).toBe('2026-02-01T22:00:00.000Z');
  });

  test('follows the clock that is set on and back', () => {
    const berlin = hours('01:00–04:00 Europe/Berlin');
    // 2026-03-29 01:00 UTC: from 02:00 to 03:00. 2026-10-25 01:00 UTC: from 03:00 back to 02:00.
    expect(iso(closesAt(berlin, at('2026-03-29T00:30:00Z')))).toBe('2026-03-29T02:00:00.000Z');
    expect(iso(closesAt(berlin, at('2026-10-24T23:30:00Z')))).toBe('2026-10-25T03:00:00.000Z');
    expect(iso(opensAt(berlin, at('2026-03-28T12:00:00Z')))).toBe('2026-03-29T00:00:00.000Z');
    expect(isOpen(berlin, at('2026-10-25T02:59:00Z'))).toBe(true);
  });

  test.each([
    ['01:00–04:00', /with its time zone/],
    ['1:00–4:00 UTC', /with its time zone/],
    ['01:00–25:00 UTC', /with its time zone/],
    ['01:00–01:00 UTC', /begin and end at the same time/],
    ['01:00–04:00 Asia/Shangai', /there is no time zone Asia\/Shangai/],
  ])('%s is none', (text, why) => {
    expect(readWindow(text)).toMatch(why);
  });
});
