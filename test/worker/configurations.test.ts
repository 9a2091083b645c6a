import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { problemsOf } from '../../drs/operations/common.js';
import { admission } from '../../worker/admission.js';
import { loadConfig } from '../../worker/config.js';
import { ConfigFile } from '../../worker/config-schema.js';
import { secretBook } from '../../worker/secrets.js';
import { ENV } from './config-file.js';

const inProject = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const examples = readdirSync(inProject('examples')).filter((name) => /^(?!drs-pilot).*\.yaml$/.test(name));

test('the commented example is a valid configuration', () => {
  const parsed = ConfigFile.safeParse(parse(readFileSync(inProject('examples/drs-pilot.yaml'), 'utf8')));
  expect(parsed.success ? [] : problemsOf(parsed.error)).toEqual([]);
});

test('the demo meets only the endpoints of its environment', async () => {
  const env = { ...ENV, DRS_ENDPOINT: 'http://127.0.0.1:9', IAM_ENDPOINT: 'http://127.0.0.1:9' };
  const { clouds } = await loadConfig({ env, file: inProject('client/demo/drs-pilot.yaml') });
  expect(Object.values(clouds).map(({ drsEndpoint, iamEndpoint }) => [drsEndpoint, iamEndpoint])).toEqual([
    ['http://127.0.0.1:9', 'http://127.0.0.1:9'],
  ]);
});

test.each(examples)('the demo admits examples/%s', async (name) => {
  const config = await loadConfig({ env: ENV, file: inProject('client/demo/drs-pilot.yaml') });
  const spec = parse(readFileSync(inProject(`examples/${name}`), 'utf8'));
  expect(await admission(config, secretBook(config, ENV))(spec.kind, spec)).toEqual([]);
});
