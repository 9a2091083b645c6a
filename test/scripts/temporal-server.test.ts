import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { cachedTemporal, findTemporal, freePort, startTemporal } from '../../scripts/temporal-server.mjs';

const scratch = mkdtempSync(join(tmpdir(), 'drs-pilot-temporal-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

const binary = await findTemporal();
const own = test.skipIf(binary === undefined);

/** A program that says what a Temporal CLI says. */
function fakeCli(path: string, says = 'temporal version 9.9.9 (Server 9, UI 9)'): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho '${says}'\n`);
  chmodSync(path, 0o755);
  return path;
}

const cacheIn = (name: string): unknown => vi.stubEnv('XDG_CACHE_HOME', join(scratch, name));
const pathWith = (name: string): string => {
  const bin = join(scratch, name);
  vi.stubEnv('PATH', bin);
  return bin;
};

test('the named Temporal CLI comes first, then PATH, then our cache', async () => {
  cacheIn('order');
  const bin = pathWith('order-bin');
  vi.stubEnv('DRS_PILOT_TEMPORAL_CLI', '');
  const cached = fakeCli(cachedTemporal());
  expect(await findTemporal()).toBe(cached);
  const onPath = fakeCli(join(bin, 'temporal'));
  expect(await findTemporal()).toBe(onPath);
  const named = fakeCli(join(scratch, 'named'));
  vi.stubEnv('DRS_PILOT_TEMPORAL_CLI', named);
  expect(await findTemporal()).toBe(named);
});

test('a named CLI that does not run is an error, one on PATH is passed over', async () => {
  cacheIn('other');
  const bin = pathWith('other-bin');
  const cached = fakeCli(cachedTemporal());
  fakeCli(join(bin, 'temporal'), 'something else');
  vi.stubEnv('DRS_PILOT_TEMPORAL_CLI', '');
  expect(await findTemporal({ onProgress: () => undefined })).toBe(cached);
  vi.stubEnv('DRS_PILOT_TEMPORAL_CLI', join(scratch, 'nowhere'));
  await expect(findTemporal()).rejects.toThrow('DRS_PILOT_TEMPORAL_CLI');
});

/** A `go` that fails, or that builds what runs. */
function fakeGo(bin: string, build: string): void {
  mkdirSync(bin, { recursive: true });
  writeFileSync(
    join(bin, 'go'),
    `#!/bin/sh\nPATH=/usr/bin:/bin\nif [ "$1" = version ]; then echo go version go1.25.1 linux/amd64; exit; fi\n${build}\n`,
  );
  chmodSync(join(bin, 'go'), 0o755);
}

test('without any CLI Go builds one into the cache and says how long that takes', async () => {
  cacheIn('build');
  vi.stubEnv('DRS_PILOT_TEMPORAL_CLI', '');
  fakeGo(
    pathWith('build-bin'),
    `printf '#!/bin/sh\\necho temporal version 1\\n' > "$GOBIN/temporal"; chmod +x "$GOBIN/temporal"`,
  );
  const said: string[] = [];
  expect(await findTemporal({ onProgress: (line) => said.push(line) })).toBe(cachedTemporal());
  expect(said[0]).toContain('about 3 minutes');
});

test('a build that fails leaves nothing in the cache, and the SDK has its turn', async () => {
  cacheIn('failing');
  vi.stubEnv('DRS_PILOT_TEMPORAL_CLI', '');
  fakeGo(pathWith('failing-bin'), `: > "$GOBIN/temporal"; echo 'dial tcp: no network' >&2; exit 1`);
  const said: string[] = [];
  const onProgress = (line: string): void => void said.push(line);
  expect(await findTemporal({ onProgress })).toBeUndefined();
  expect(said.at(-1)).toContain('dial tcp: no network');
  expect(await findTemporal({ onProgress })).toBeUndefined();
});

test('neither a CLI nor Go: the SDK has its turn', async () => {
  cacheIn('nothing');
  pathWith('nothing-bin');
  vi.stubEnv('DRS_PILOT_TEMPORAL_CLI', '');
  expect(await findTemporal({ onProgress: () => undefined })).toBeUndefined();
});

own('a server answers when it is said to be up, and is gone when it was stopped', async () => {
  const server = await startTemporal({ binary });
  expect(await (await fetch(`${server.uiUrl}/api/v1/namespaces/default`)).json()).toHaveProperty(
    'namespaceInfo.name',
    'default',
  );
  await server.stop();
  await server.stop();
  expect(alive(server.pid)).toBe(false);
});

own('what it stores in a file is there after it was killed', async () => {
  const dbFile = join(scratch, 'db', 'temporal.db');
  const searchAttributes = { OnlyInTheFile: 'Keyword' } as const;
  const first = await startTemporal({ binary, dbFile, uiPort: false, searchAttributes });
  process.kill(first.pid ?? 0, 'SIGKILL');
  await first.exited;
  const second = await startTemporal({ binary, dbFile, uiPort: false, searchAttributes });
  await second.stop();
});

own('a taken port is told with the words of the server', async () => {
  const one = await startTemporal({ binary, uiPort: false });
  const port = Number(one.address.split(':')[1]);
  await expect(startTemporal({ binary, port, uiPort: false })).rejects.toThrow('address already in use');
  await one.stop();
});

test('a program that cannot be run is told', async () => {
  await expect(startTemporal({ binary: join(scratch, 'nowhere'), uiPort: false })).rejects.toThrow('did not come up');
});

own('the server dies with the process that started it, even one that is killed', async () => {
  const script = fileURLToPath(new URL('../../scripts/temporal-server.mjs', import.meta.url));
  const code = `const { startTemporal } = await import(${JSON.stringify(script)});
    const { pid } = await startTemporal({ binary: ${JSON.stringify(binary)}, uiPort: false });
    console.log(pid); setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  const pid = Number((await createInterface(parent.stdout)[Symbol.asyncIterator]().next()).value);
  expect(alive(pid)).toBe(true);
  parent.kill('SIGKILL');
  await vi.waitUntil(() => !alive(pid), { timeout: 15_000, interval: 100 });
});

test('a free port can be listened on', async () => {
  expect(await freePort()).toBeGreaterThan(1_023);
});

function alive(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
}
