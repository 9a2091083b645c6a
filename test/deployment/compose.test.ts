import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { ConfigFile } from '../../worker/config-schema.js';

/* No Docker engine may be at hand, so the files are held against the project as far as files can be. */

interface Service {
  image?: string;
  profiles?: string[];
  build?: string;
  command?: string[];
  ports?: string[];
  volumes?: string[];
  secrets?: string[];
  environment?: Record<string, string>;
  healthcheck?: { test: string[] };
  restart?: string;
  depends_on?: Record<string, { condition: string }>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const text = read('docker-compose.yml');
const compose = parse(text, { merge: true }) as {
  services: Record<string, Service>;
  secrets: Record<string, { file: string }>;
  volumes: Record<string, unknown>;
};
const services = Object.entries(compose.services);
/** What a file has once the shell's defaults are put in. */
const filled = (value: string): string => value.replace(/\$\{[A-Z_]+:-([^}]*)\}/g, '$1');
const mountsOf = (service: string): string[][] =>
  (compose.services[service]?.volumes ?? []).map((volume) => filled(volume).split(':'));

test('every image has a version of its own', () => {
  for (const [name, { image }] of services) expect(image, name).toMatch(/:v?\d+\.\d+(\.\d+)?(-[a-z]+)?$/);
  expect(read('Dockerfile').match(/^FROM .*$/gm)).toEqual(
    expect.arrayContaining([expect.stringMatching(/:\d+\.\d+\.\d+-/)]),
  );
});

test('nothing is published beyond loopback', () => {
  const ports = services.flatMap(([, { ports = [] }]) => ports);
  expect(ports.length).toBeGreaterThan(0);
  for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
});

test('whatever stays up says whether it is well', () => {
  for (const [name, { healthcheck, restart }] of services)
    if (restart !== 'no') expect(healthcheck, name).toBeDefined();
});

test('every file, volume, secret and service that is named exists', () => {
  for (const { file } of Object.values(compose.secrets)) expect(existsSync(join(root, filled(file))), file).toBe(true);
  for (const [name, { volumes = [], secrets = [], depends_on = {} }] of services) {
    for (const volume of volumes) {
      const [from = ''] = filled(volume).split(':');
      expect(from in compose.volumes || existsSync(join(root, from)), `${name}: ${volume}`).toBe(true);
    }
    for (const secret of secrets) expect(Object.keys(compose.secrets), name).toContain(secret);
    for (const other of Object.keys(depends_on)) expect(Object.keys(compose.services), name).toContain(other);
  }
});

test('every variable has a default', () => {
  const used = [...text.matchAll(/(?<!\$)\$\{?([A-Z_]+)(:-)?/g)];
  expect(used.length).toBeGreaterThan(0);
  for (const [whole, , fallback] of used) expect(fallback, whole).toBe(':-');
});

test('every command of ours exists with its options', () => {
  const ours = services.filter(([, { build }]) => build).map(([, { command = [] }]) => command);
  const checks = services.flatMap(([, { healthcheck }]) =>
    healthcheck?.test[2] === 'bin/drs-pilot.js' ? [healthcheck.test.slice(3)] : [],
  );
  for (const [command = '', ...options] of [...ours, ...checks]) {
    const help = execFileSync(process.execPath, [join(root, 'bin/drs-pilot.js'), command, '--help'], {
      encoding: 'utf8',
    });
    for (const option of options.filter((one) => one.startsWith('--'))) expect(help, command).toContain(option);
  }
});

test("the worker's configuration is right and its secrets are those that the container gets", () => {
  const config = ConfigFile.parse(parse(read('examples/compose/drs-pilot.yaml')));
  expect(Object.keys(config.secrets ?? {}).sort()).toEqual([...(compose.services['worker']?.secrets ?? [])].sort());
});

test("each directory of the configuration's stores is a volume that the worker's user may write", () => {
  const { stores = {} } = ConfigFile.parse(parse(read('examples/compose/drs-pilot.yaml')));
  const directories = Object.values(stores).flatMap(({ directory }) => (directory ? [directory] : []));
  expect(directories.length).toBeGreaterThan(0);
  for (const directory of directories) {
    expect(
      mountsOf('worker').find(([from = '', to]) => to === directory && from in compose.volumes),
      directory,
    ).toBeDefined();
    expect(read('Dockerfile')).toContain(`RUN install -d -o node -g node ${directory}`);
  }
});

test('Prometheus scrapes every worker where it answers, under the name that rules and dashboard expect', () => {
  const mounts = Object.fromEntries(mountsOf('prometheus').map(([from, to]) => [to, from]));
  const [config] = (compose.services['prometheus']?.command ?? []).flatMap(
    (one) => one.split('--config.file=')[1] ?? [],
  );
  const folder = mounts[dirname(config ?? '')] ?? '';
  const { rule_files, scrape_configs } = parse(read(join(folder, basename(config ?? '')))) as {
    rule_files: string[];
    scrape_configs: { job_name: string; dns_sd_configs: { names: string[]; port: number }[] }[];
  };
  const rules = rule_files.map((file) => read(join(folder, file))).join('\n');
  const [
    {
      job_name,
      dns_sd_configs: [found],
    } = { job_name: '', dns_sd_configs: [] },
  ] = scrape_configs;
  expect(scrape_configs).toHaveLength(1);
  for (const [, job] of `${rules}\n${read('deploy/grafana/drs-pilot.json')}`.matchAll(/job=\\?"([^"\\]+)/g))
    expect(job).toBe(job_name);
  expect(rules).toContain(`job="${job_name}"`);
  for (const name of found?.names ?? []) expect(compose.services[name]?.command).toEqual(['worker']);
  const { telemetry } = ConfigFile.parse(parse(read('examples/compose/drs-pilot.yaml')));
  expect(telemetry?.address).toBe(`0.0.0.0:${found?.port}`);
});

test('Grafana finds its Prometheus and the dashboard', () => {
  const mounted = mountsOf('grafana');
  const provisioned = (what: string) => {
    const folder = join('deploy/grafana/provisioning', what);
    return readdirSync(join(root, folder)).map((file) => parse(read(join(folder, file))));
  };
  const [{ datasources }] = provisioned('datasources') as [{ datasources: { type: string; url: string }[] }];
  const address = new URL(datasources[0]?.url ?? '');
  expect(datasources[0]?.type).toBe('prometheus');
  expect(compose.services[address.hostname]?.ports).toContain(`127.0.0.1:${address.port}:${address.port}`);
  const [{ providers }] = provisioned('dashboards') as [{ providers: { options: { path: string } }[] }];
  const [dashboard = []] = mounted.filter(([, to = '']) => dirname(to) === providers[0]?.options.path);
  expect(JSON.parse(read(dashboard[0] ?? ''))).toMatchObject({ title: 'drs-pilot', panels: expect.any(Array) });
  expect(mounted.find(([, to]) => to === '/etc/grafana/provisioning')?.[0]).toBe('./deploy/grafana/provisioning');
});

test('monitoring is there only for who asks for it', () => {
  for (const name of ['prometheus', 'grafana']) expect(compose.services[name]?.profiles).toEqual(['monitoring']);
  for (const name of ['temporal', 'worker', 'setup']) expect(compose.services[name]?.profiles).toBeUndefined();
});

test('what the image is built from is in the repository, and not kept from it', () => {
  const allowed =
    read('.dockerignore')
      .match(/^!.+$/gm)
      ?.map((line) => line.slice(1)) ?? [];
  for (const path of allowed) expect(existsSync(join(root, path)), path).toBe(true);
  const { include } = JSON.parse(read('tsconfig.build.json')) as { include: string[] };
  for (const path of include.map((one) => one.split('/')[0])) expect(allowed).toContain(path);
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  for (const [, name = ''] of read('Dockerfile').matchAll(/npm run ([\w:-]+)/g))
    expect(Object.keys(scripts)).toContain(name);
});
