import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as read } from 'node:stream/consumers';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import type { Command } from 'commander';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { stringify } from 'yaml';
import type { Context } from '../../client/command.js';
import { Output } from '../../client/output.js';
import { addCommands, createProgram } from '../../client/program.js';
import { SEARCH_ATTRIBUTES, startTemporal } from '../../scripts/temporal-server.mjs';
import { type Simulator, startSimulator } from '../../simulator/server.js';
import { loadConfig } from '../../worker/config.js';
import { openServices } from '../../worker/services.js';
import { createWorkers } from '../../worker/worker.js';
import { updateOf } from '../../workflows/messages.js';
import { runHere } from '../client/cli.js';
import { baseConfig, ENV, migrationSpec } from '../support/config.js';
import { runOf } from '../support/harness.js';
import { sshKey } from '../support/ssh-keys.js';
import { protectedTask } from '../support/switchover.js';
import { blocksOf, documentOf, documents, placeOf, ROOT } from './documents.js';

/** Why a command can't be run here; where something stands in for it, which. */
const ELSEWHERE: readonly (readonly [RegExp, string])[] = [
  [/^(npm (test|run)|npx vitest|\.ci\/run)\b/, 'these are how this very run is started; their names are checked'],
  [
    /^drs-pilot (worker|codec-server|simulator|dev|demo)\b/,
    'goes on until it is ended: test/client/stack, test/encryption, test/demo',
  ],
  [/^drs-pilot versions\b/, 'needs workers with a version: test/faults/versions.test.ts'],
  [/^drs-pilot report 2024-01-31\b/, 'needs a night of long ago in a bucket: test/client/schedule.test.ts'],
  [/id_ed25519\.pub\b/, 'needs an agent that has the key'],
  [/^(docker|DRS_PILOT_CODEC_ENDPOINT=\S+ docker)\b/, 'no Docker here: test/deployment/compose.test.ts reads the file'],
  [/^kubectl\b/, 'no cluster here: test/deployment/kubernetes.test.ts reads the manifests'],
  [/^temporal\b/, 'as a program of its own: test/encryption/codec-server.test.ts'],
  [/^(export|cp|echo)\b/, 'a shell’s own, with addresses and keys of somebody'],
];

const whyElsewhere = (line: string): string | undefined => ELSEWHERE.find(([form]) => form.test(line))?.[1];

interface Line {
  readonly place: string;
  readonly text: string;
}

/** Every command of every document, without remarks and without npx before ours. */
const commands: readonly Line[] = blocksOf('sh', 'bash').flatMap((block) =>
  block.text
    .replaceAll(/\\\n\s*/g, ' ')
    .split(/\n| && /)
    .map((line) =>
      line
        .replace(/\s+#\s.*$/, '')
        .replace(/^npx (?=drs-pilot)/, '')
        .trim(),
    )
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((text) => ({ place: placeOf(block), text })),
);
const ours = commands.filter(({ text }) => text.startsWith('drs-pilot '));

/** Words as a shell splits them, and where the output goes. */
function wordsOf(line: string): { readonly args: string[]; readonly to: string | undefined } {
  const words = [...line.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)].map(([word]) => word.replaceAll(/["']/g, ''));
  const at = words.indexOf('>');
  return { args: (at < 0 ? words : words.slice(0, at)).slice(1), to: at < 0 ? undefined : words[at + 1] };
}

/** The whole program, whose commands do nothing. */
async function inert(): Promise<Command> {
  const silence = (command: Command): void => {
    command.action(() => undefined).configureOutput({ writeErr: () => undefined });
    for (const one of command.commands) silence(one);
  };
  const program = await addCommands(createProgram(), { output: new Output(), user: 'anna' } as Context);
  for (const command of program.commands) silence(command);
  return program.configureOutput({ writeErr: () => undefined });
}

test('every command line of ours is one that the program takes', async () => {
  expect(ours.length).toBeGreaterThan(25);
  for (const { place, text } of ours)
    await (await inert())
      .parseAsync(wordsOf(text).args, { from: 'user' })
      .catch((error: Error) => expect.fail(`${place}: ${text}: ${error.message}`));
  await expect((await inert()).parseAsync(['start', '--wait'], { from: 'user' })).rejects.toThrow();
});

test('commands within the text are of the program, with options that they have', async () => {
  const { commands: all, options } = await inert();
  const wrong = documents.flatMap(({ path, prose }) =>
    [...prose.matchAll(/`(?:npx )?drs-pilot ([a-z][^`]*)`/g)].flatMap(([, said = '']) => {
      const command = all.find((one) => one.name() === said.split(' ')[0]);
      if (!command) return [`${path}: drs-pilot ${said}`];
      const known = [command, ...command.commands].flatMap((one) => one.options.map(({ long }) => long));
      const shared = [...options.map(({ long }) => long), '--help'];
      return [...said.matchAll(/(?<=\s)--[a-z-]+/g)]
        .filter(([option]) => ![...known, ...shared].includes(option))
        .map(([option]) => `${path}: drs-pilot ${said}: ${option}`);
    }),
  );
  expect(wrong).toEqual([]);
});

test('scripts and files that commands name exist', () => {
  const { scripts } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
  const named = commands.flatMap(({ text }) => [...text.matchAll(/npm run (\w+)/g)].map(([, script]) => script));
  expect(named.filter((script) => script !== undefined && !(script in scripts))).toEqual([]);
  const files = commands.flatMap(({ text }) => text.match(/(?<=\s|^)(?:examples|deploy|test)\/[\w./-]+/g) ?? []);
  expect(files.filter((file) => !file.includes('migration-mine') && !existsSync(`${ROOT}${file}`))).toEqual([]);
});

/* All that can be run is run, one after another, as people who follow the documents would. */

let folder: string;
let simulator: Simulator;
let client: Client;
let address: string;
const close: (() => unknown)[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'drs-pilot-docs-'));
  const home = join(folder, '.ssh');
  const key = sshKey();
  cpSync(join(key.file, '..'), home, { recursive: true });
  for (const end of ['', '.pub']) cpSync(join(home, `id${end}`), join(home, `id_ed25519${end}`));
  for (const name of ['examples', 'deploy']) symlinkSync(`${ROOT}${name}`, join(folder, name));
  for (const name of ['switchover', 'comparison-nightly'])
    cpSync(`${ROOT}examples/${name}.yaml`, join(folder, `${name}.yaml`));
  const [spec] = documentOf('README.md').blocks.filter(({ info }) => info === 'yaml');
  writeFileSync(join(folder, 'orders.yaml'), spec?.text ?? '');

  const server = await startTemporal({
    binary: inject('temporalBinary') || undefined,
    uiPort: false,
    searchAttributes: SEARCH_ATTRIBUTES,
  });
  simulator = await startSimulator({ speed: 'instant' });
  const keyed = { members: [{ name: 'anna', keys: [key.line] }] };
  const file = join(folder, 'drs-pilot.yaml');
  const settings = {
    ...baseConfig(simulator),
    approvers: { dba: { members: ['anna', 'bert', 'carla'] }, signing: keyed },
    rules: [{ tasks: ['orders'], group: 'signing' }],
    policy: { operations: { batchStopJobs: 'allow' } },
  };
  writeFileSync(file, stringify(settings));
  Object.assign(process.env, ENV, { DRS_PILOT_CONFIG: file });
  process.chdir(folder);
  const config = await loadConfig({ file, env: process.env });
  const services = openServices(config, { env: process.env, pace: 0.01 });
  const native = await NativeConnection.connect({ address: server.address });
  const connection = await Connection.connect({ address: server.address });
  const options = { connection: native, namespace: 'default', services, keyRing: config.keyRing, pace: 0.01 };
  const workers = await createWorkers({ ...options, taskQueue: 'drs-pilot', bundle: inject('bundle') });
  const running = Promise.all(workers.map((worker) => worker.run()));
  client = new Client({ connection });
  address = server.address;
  close.push(
    () => process.chdir(ROOT),
    () => {
      for (const worker of workers) worker.shutdown();
      return running;
    },
    () => Promise.all([services.close(), native.close(), connection.close(), simulator.close()]),
    () => server.stop(),
    () => rmSync(folder, { recursive: true, force: true }),
  );
});
afterAll(async () => {
  for (const one of close) await one();
});

/** What a command says, and its exit code. */
async function runOurs(line: string): Promise<{ readonly code: number; readonly said: string }> {
  const { args, to } = wordsOf(line.replaceAll('~', folder));
  const { code, out, err } = await runHere(args, async () => ({ client, namespace: 'default', address }));
  if (to) writeFileSync(join(folder, to), out);
  return { code: code ?? -1, said: out + err };
}

/** In a shell, against this test's simulator. */
async function runOther(line: string): Promise<{ readonly code: number; readonly said: string }> {
  const here = line.replace('localhost:8990', new URL(simulator.url).host);
  const child = spawn('bash', ['-c', here], { cwd: folder });
  const ended = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? -1)));
  const [code, out, err] = await Promise.all([ended, read(child.stdout), read(child.stderr)]);
  return { code, said: `${out}${err} ` };
}

const handle = (id: string) => runOf(client.workflow.getHandle(id));
const approve = async (id: string, gate: string, by: string) => {
  const open = await handle(id).gate(gate);
  const said = { gate: open.id, by, reason: 'as agreed', decision: 'approve', snapshot: open.evidence.snapshot };
  await client.workflow.getHandle(id).executeUpdate(updateOf('decide'), { args: [said] });
};
const gate = (id: string, name: string) => async () => void (await handle(id).gate(name));

/** What is run, in this order, after what it needs; `said` where the exit code tells too little. */
const SESSION: readonly { run: string; given?: () => unknown; said?: RegExp }[] = [
  { run: 'drs-pilot setup' },
  { run: 'drs-pilot setup --check' },
  { run: 'drs-pilot explain DRS.M00277', said: /a task of this name exists already/ },
  { run: 'drs-pilot validate orders.yaml' },
  { run: 'drs-pilot plan orders.yaml --days 14', said: /batchCreateJobs/ },
  { run: 'drs-pilot doctor', said: /every secret can be read/ },
  { run: 'drs-pilot doctor --config drs-pilot.yaml' },
  { run: 'drs-pilot validate --worker orders.yaml' },
  {
    run: 'drs-pilot start orders.yaml',
    given: () =>
      simulator.fault({
        operation: 'batchValidateConnections',
        match: { endPointType: 'so' },
        fault: { kind: 'jobError', code: 'DRS.M05004' },
      }),
  },
  {
    run: 'drs-pilot list --waiting',
    given: gate('migration-orders-to-rds', 'test-connections'),
    said: /migration-orders-to-rds/,
  },
  { run: 'drs-pilot status migration-orders-to-rds', said: /Test connections failed/ },
  {
    run: 'drs-pilot decide migration-orders-to-rds --decision retry --reason "firewall opened" --change source.ip=203.0.113.11',
  },
  {
    run: 'drs-pilot approve migration-orders-to-rds --reason "application is stopped"',
    given: gate('migration-orders-to-rds', 'start'),
  },
  {
    run: 'drs-pilot watch migration-orders-to-rds',
    given: async () => {
      for (const by of ['anna', 'bert']) await approve('migration-orders-to-rds', 'cutover', by);
    },
    said: /completed/,
  },
  { run: 'drs-pilot readiness orders-dr', given: () => protectedTask(simulator, 'orders-dr'), said: /ready/ },
  { run: 'drs-pilot readiness billing-standby', given: () => protectedTask(simulator, 'billing-standby') },
  { run: 'drs-pilot start switchover.yaml' },
  {
    run: 'drs-pilot start examples/switchover.yaml',
    given: () => client.workflow.getHandle('switchover-billing-here').terminate(),
  },
  {
    run: 'drs-pilot approve switchover-billing-here --reason "region A is down"',
    given: gate('switchover-billing-here', 'switchover'),
  },
  {
    run: 'drs-pilot watch switchover-billing-here',
    given: () => approve('switchover-billing-here', 'switchover', 'bert'),
    said: /completed/,
  },
  {
    run: 'drs-pilot schedule create nightly comparison-nightly.yaml --cron "0 1 * * *" --timezone Asia/Shanghai',
  },
  { run: 'drs-pilot schedule list', said: /nightly/ },
  {
    run: 'drs-pilot schedule create nightly examples/comparison-nightly.yaml --cron "0 1 * * *" --timezone Asia/Shanghai',
    given: () => client.schedule.getHandle('nightly').delete(),
  },
  {
    run: 'drs-pilot compare orders-to-rds --kinds objects,contents',
    given: () => simulator.patch('orders-to-rds', { status: 'INCRE_TRANSFER_STARTED' }),
    said: /completed/,
  },
  {
    run: 'drs-pilot report latest --name nightly',
    given: () =>
      client.workflow.execute('comparison', {
        workflowId: 'comparison-nightly',
        taskQueue: 'drs-pilot',
        args: [{ kind: 'comparison', name: 'nightly', task: 'orders-to-rds' }],
      }),
    said: /consistent/,
  },
  {
    run: 'drs-pilot call batchStopJobs -f body.yaml',
    given: () =>
      writeFileSync('body.yaml', stringify([{ job_id: simulator.job('orders-to-rds')?.id, pause_mode: 'target' }])),
    said: /^done +orders-to-rds/,
  },
  {
    run: 'drs-pilot approve migration-orders --by anna --reason "application is stopped" --key ~/.ssh/id_ed25519 --print',
    given: async () => {
      const args = [migrationSpec('orders')];
      await client.workflow.start('migration', { workflowId: 'migration-orders', taskQueue: 'drs-pilot', args });
      await handle('migration-orders').gate('start');
    },
    said: /"signature":/,
  },
  { run: 'drs-pilot approve migration-orders --by anna --reason "application is stopped" --key ~/.ssh/id_ed25519' },
  { run: 'drs-pilot status migration-orders --json > run.json' },
  { run: `jq -j '.decisions[0].text' run.json > said.json` },
  {
    run: String.raw`jq -r '.decisions[0].signature | "-----BEGIN SSH SIGNATURE-----\n\(.)\n-----END SSH SIGNATURE-----"' run.json > said.sig`,
  },
  {
    run: 'ssh-keygen -Y verify -f signers -I anna -n drs-pilot -s said.sig < said.json',
    given: () => writeFileSync('signers', `anna ${readFileSync('.ssh/id_ed25519.pub', 'utf8')}`),
    said: /Good "drs-pilot" signature for anna/,
  },
  { run: 'drs-pilot start orders.yaml --by anna --key ~/.ssh/id_ed25519', said: /started migration-orders-to-rds/ },
  { run: 'openssl rand -base64 32 > payload-key-2026' },
  {
    run: `curl -s -D - -o /dev/null localhost:8990/v3/auth/tokens -d '{ "auth": { "identity": { "methods": ["password"], "password": { "user": { "name": "local", "password": "local", "domain": { "name": "local" } } } }, "scope": { "project": { "name": "eu-west-101" } } } }'`,
    said: /x-subject-token: /i,
  },
  {
    run: `curl -X POST localhost:8990/_simulator/faults -d '{ "operation": "batchStartJobs", "times": 2, "fault": { "kind": "throttle", "retryAfter": 5 } }'`,
    said: /batchStartJobs|id/,
  },
];

test('every command of the documents is run here, or it is said why not', { timeout: 180_000 }, async () => {
  const known = new Set(SESSION.map(({ run }) => run));
  const left = commands.filter(({ text }) => !known.has(text) && !whyElsewhere(text));
  expect(left, 'add them to SESSION').toEqual([]);
  for (const { run } of SESSION)
    expect(
      commands.map(({ text }) => text),
      'stands in no document',
    ).toContain(run);

  for (const { run, given, said = /./ } of SESSION) {
    await given?.();
    const ended = run.startsWith('drs-pilot ') ? await runOurs(run) : await runOther(run);
    expect({ run, ...ended }).toEqual({ run, code: 0, said: expect.stringMatching(said) });
  }
});
