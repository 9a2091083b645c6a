import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mask, maskText, secretsIn } from '../../drs/mask.js';
import { SECRET_FIELDS } from '../../drs/operations/common.js';

test('values of secret fields are masked however deep they lie; the original keeps them', () => {
  const request = {
    jobs: [
      {
        name: 'orders',
        source_endpoint: { db_user: 'repl', db_password: 'canary', kafka_security_config: { key_password: 'canary' } },
      },
    ],
    property: '[{"dbuser":"repl","dbpassword":"canary"}]',
  };
  expect(JSON.stringify(mask(request))).not.toContain('canary');
  expect(mask(request)).toMatchObject({ jobs: [{ name: 'orders', source_endpoint: { db_user: 'repl' } }] });
  expect(request.jobs[0]?.source_endpoint.db_password).toBe('canary');
});

test('no secret survives in JSON, whole, cut off or escaped in another text', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...SECRET_FIELDS),
      fc.string({ minLength: 1, unit: 'binary' }),
      fc.nat(30),
      (field, tail, cut) => {
        const whole = JSON.stringify({ a: 1, [field]: `canary${tail}canary`, z: 'kept' });
        const twice = JSON.stringify({ text: whole });
        for (const text of [whole, twice, JSON.stringify({ again: twice })]) {
          expect(maskText(text)).not.toContain('canary');
          expect(maskText(text.slice(0, text.length - cut))).not.toContain('canary');
        }
        expect(maskText(whole)).toContain('kept');
      },
    ),
  );
});

test('no text keeps the mask busy for long', () => {
  const began = performance.now();
  for (const piece of ['\\', '"', '"password":"x', '\\"password\\":\\"']) maskText(piece.repeat(50_000));
  expect(performance.now() - began).toBeLessThan(2_000);
});

test('a secret of the request is masked wherever the service repeats it', () => {
  const secrets = secretsIn([{ source_endpoint: { db_password: 'p.a$s' } }, { list: [{ password: 'p.a$s-longer' }] }]);
  expect(maskText('p.a$s-longer and p.a$s are wrong', secrets)).toBe('******** and ******** are wrong');
  const quoted = secretsIn({ password: 'can"ary' });
  expect(maskText(JSON.stringify({ pw: 'can"ary' }), quoted)).toBe('{"pw":"********"}');
});
