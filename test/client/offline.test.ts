import { readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Context } from '../../client/command.js';
import { commands } from '../../client/commands/index.js';
import { addCommands, createProgram } from '../../client/program.js';
import { kinds } from '../../workflows/plans/index.js';
import { migrationSpec } from '../support/config.js';
import { begin, type Ended, file, files, NOWHERE, PROJECT, run, runHere } from './cli.js';

/** Help needs nothing of it. */
const program = await addCommands(createProgram(), { user: 'ada' } as Context);
const PASSWORD = 'canary-in-plain-text';
/** `disaster-recovery-dual.yaml` → disaster-recovery */
const kindOf = (name: string) => Object.keys(kinds).find((kind) => name.startsWith(kind));
const examples = readdirSync(join(PROJECT, 'examples')).filter((name) => /^(?!drs-pilot).*\.yaml$/.test(name));

function isBadInput({ code, out, err }: Ended): void {
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).not.toBe('');
  expect(err).not.toContain('    at ');
}

describe('without any server', () => {
  test('help tells the commands and the exit codes, from the sources, too', async () => {
    const { code, out } = await run(['--help'], { from: 'sources' });
    expect(await run(['--help'])).toMatchObject({ code, out });
    expect(code).toBe(0);
    const shown = [...out.matchAll(/^ {2}([a-z][a-z-]*) (?:\[|<| )/gm)]
      .map(([, name = '']) => name)
      .filter((name) => name !== 'help');
    expect(shown).toEqual(program.commands.map((command) => command.name()));
    expect(shown).toEqual(Object.keys(commands));
    expect(shown).toEqual(expect.arrayContaining(['demo', 'start', 'status', 'watch', 'approve', 'worker']));
    expect(out).toContain('130 interrupted');
  });

  test.each(program.commands)('the help of $_name has an example', (command) => {
    let help = '';
    command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    expect(help).toMatch(/Examples?:\n {2}.*drs-pilot/);
  });

  test.each([
    ['an unknown option', ['status', 'x', '--colour']],
    ['a missing argument', ['validate']],
    ['a missing reason', ['approve', 'x']],
    ['an unknown decision', ['decide', 'x', '--decision', 'maybe', '--reason', 'r']],
    ['an unknown kind', ['schema', 'copy']],
    ['a limit that is no number', ['list', '--limit', 'many']],
    ['days that are none', ['plan', 'examples/migration.yaml', '--days', 'soon']],
    ['a speed that is none', ['simulator', '--speed', 'fast']],
    ['a file that is not there', ['start', 'nowhere.yaml']],
    ['a configuration that is not there, before Temporal is looked for', ['worker', '--config', 'nowhere.yaml']],
    ['a change that is none', ['decide', 'x', '--decision', 'retry', '--reason', 'r', '--change', 'ip=1']],
  ])('%s is bad input', async (_, args) => isBadInput(await runHere(args)));

  test.each([
    ['an unknown command', ['migrate']],
    ['a profile that temporal.toml lacks', ['list', '--profile', 'nobody']],
  ])('%s ends the process as bad input does', async (_, args) => isBadInput(await run(args)));

  test.each(examples)('examples/%s is valid, and says what only a worker can check', async (name) => {
    const { code, json, err } = await runHere(['validate', join('examples', name), '--json']);
    expect(code).toBe(0);
    expect(json()).toMatchObject({
      files: [{ kind: kindOf(name), problems: [], unchecked: { cloud: ['default'] } }],
    });
    expect(err).toContain('not checked here: ');
  });

  test('the examples are planned: calls with their sections, gates, and for how long tasks are paid', async () => {
    const { code, out } = await runHere(['plan', 'examples', '--json', '--days', '14']);
    expect(code).toBe(0);
    const plans = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(plans.map(({ file }) => file)).toEqual(examples.map((name) => join('examples', name)));
    const dual = plans.find(({ file }) => file.includes('dual'));
    expect(dual).toMatchObject({ cost: { tasks: 3, taskDays: 42 } });
    const group = plans.find(({ file }) => file.includes('switchover-group'));
    const steps = Object.fromEntries(group.steps.map((one: { step: string }) => [one.step, one]));
    expect(steps['Switchover: databases'].calls.at(-1)).toEqual({
      operation: 'batchSwitchover',
      section: '6.4.1',
      jobs: 2,
      requests: 1,
      effect: 'once',
      showsIn: expect.stringContaining('job_direction'),
    });
    expect(steps['Approval'].gate).toMatchObject({ approvals: 2, group: 'dba' });
    const { out: text } = await runHere(['plan', 'examples/migration.yaml']);
    expect(text).toMatch(/^10 +Start request +batchListJobStatus +6\.1\.21 +1 +reads\n +batchStartJobs +6\.1\.11 /m);
  });

  test('a directory is all its specs, and what is no spec is passed over aloud', async () => {
    const { code, json, err } = await run(['validate', 'examples', '--json']);
    expect(code).toBe(0);
    expect((json()['files'] as unknown[]).length).toBe(examples.length);
    expect(err).toContain('examples/drs-pilot.yaml: has neither kind nor name');
  });

  test('a spec with ten mistakes gets ten lines, each with its path', async () => {
    const bad = {
      ...migrationSpec('1x'),
      colour: 'red',
      task: { ...migrationSpec().task, bind_eip: undefined, node_type: 'huge', master_az: 'a', expired_days: 5 },
      source: { ...migrationSpec().source, db_port: 99999 },
      objects: [],
      speed: [
        { begin: '22:00', end: '03:59', speed: 10 },
        { begin: '03:00', end: '04:59', speed: 10 },
      ],
      cutover: { maxDelay: 'soon' },
    };
    const { code, json, err } = await runHere(['validate', file(bad), '--json']);
    expect(code).toBe(2);
    const [{ problems }] = json()['files'] as [{ problems: { path: string }[] }];
    expect(problems.map(({ path }) => path).sort()).toEqual(
      [
        'colour',
        'cutover.maxDelay',
        'name',
        'objects',
        'source.db_port',
        'speed[1]',
        'task.bind_eip',
        'task.expired_days',
        'task.node_type',
        'task.slave_az',
      ].sort(),
    );
    expect(err.match(/spec\.yaml: /g)).toHaveLength(10);
  });

  test('one bad spec among good ones starts none: not even Temporal is looked for', async () => {
    const directory = files({
      'a.yaml': migrationSpec(),
      'b.json': { ...migrationSpec(), objects: [] },
      'c.yml': 'kind: copy',
    });
    const { code, err, out } = await runHere(['start', directory]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('b.json: objects: ');
    expect(err).toContain('c.yml: kind: must be one of migration');
    expect(err).toContain('nothing was sent');
  });

  test('two specs of one name would have one id', async () => {
    const spec = migrationSpec();
    const { code, err } = await runHere(['start', files({ 'a.yaml': spec, 'b.yaml': spec })]);
    expect(code).toBe(2);
    expect(err).toMatch(/b\.yaml: name: stands in .*a\.yaml, too/);
  });

  test.each([
    ['an empty file', '', 'is empty'],
    ['a list', '- a', 'is no spec'],
    ['broken YAML', `a: [1\nb: ${PASSWORD}`, 'line 2'],
    ['a repeated key', `{"kind": "migration", "kind": "${PASSWORD}"}`, 'unique'],
    ['several documents', 'a: 1\n---\nb: 2', 'several documents'],
    ['a spec without its kind', { ...migrationSpec(), kind: undefined }, 'kind: is missing'],
  ])('%s is told in one line', async (_, content, told) => {
    const { code, err } = await runHere(['validate', file(content)]);
    expect(code).toBe(2);
    expect(err).toContain(told);
    expect(err).toContain('1 problem: ');
    expect(err).not.toContain(PASSWORD);
  });

  test('a password in plain text is refused and never repeated', async () => {
    const source = { ...migrationSpec().source, password: PASSWORD };
    const validated = await runHere(['validate', file({ ...migrationSpec(), source }), '--json']);
    const decided = await runHere([
      'decide',
      'x',
      '--decision',
      'retry',
      '--reason',
      'r',
      '--change',
      `source.password=${PASSWORD}`,
    ]);
    const mistyped = await runHere(['decide', 'x', '--decision', 'retry', '--reason', 'r', '--change', PASSWORD]);
    for (const { code, out, err } of [validated, decided, mistyped]) {
      expect(code).toBe(2);
      expect(out + err).not.toContain(PASSWORD);
    }
    expect(validated.err).toContain('source.password: is a password in plain text');
    expect(decided.err).toContain('secret:NAME');
  });

  test('a spec may come from stdin, as JSON, too', async () => {
    const { code, out } = await run(['validate', '-'], { input: JSON.stringify(migrationSpec('from-stdin')) });
    expect(code).toBe(0);
    expect(out).toContain('stdin: migration from-stdin is valid');
  });

  test('the JSON Schema of a kind knows every field of its examples', async () => {
    const { code, json } = await run(['schema', 'migration']);
    expect(code).toBe(0);
    const { properties, required } = json() as { properties: object; required: string[] };
    expect(Object.keys(properties)).toEqual(
      expect.arrayContaining(['task', 'source', 'objects', 'cutover', 'onAbort']),
    );
    expect(required).toEqual(expect.arrayContaining(['name', 'task', 'source', 'target', 'objects']));
    expect(required).not.toContain('onAbort');
  });

  test('a Temporal that is not there is told with its address and what to do', async () => {
    const [people, program] = await Promise.all([run(['list']), run(['status', 'x', '--json'])]);
    expect(people).toMatchObject({ code: 3, out: '' });
    expect(people.err).toContain(`Temporal does not answer at ${NOWHERE}`);
    expect(people.err.trim().split('\n')).toHaveLength(1);
    expect(program.json()).toEqual({ error: expect.stringContaining(NOWHERE), exitCode: 3 });
  });

  test('the simulator listens until it is told to end', async () => {
    const simulator = begin(['simulator', '--port', '0']);
    await simulator.said(/simulated at http:\/\/127\.0\.0\.1:\d+/);
    simulator.kill('SIGTERM');
    expect((await simulator.ended).code).toBe(0);
  });

  test('a port that is taken is told', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const { code, err } = await run(['simulator', '--port', String(port)]);
    expect(code).toBe(1);
    expect(err).toContain(`Port ${port} is taken`);
    server.close();
  });
});
