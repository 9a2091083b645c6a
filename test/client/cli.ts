import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import type { Context } from '../../client/command.js';
import { connect } from '../../client/connect.js';
import { Output } from '../../client/output.js';
import { createProgram, runCommand } from '../../client/program.js';
import { isolated } from '../../scripts/isolated.mjs';

export const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

/** A port that nobody answers at. */
export const NOWHERE = '127.0.0.1:9';

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  /** Stdout as the one JSON object that it must be. */
  json(): Record<string, unknown>;
}

export interface Running {
  readonly ended: Promise<Ended>;
  /** Resolves once it has said something like this. */
  said(what: RegExp): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  readonly pid: number;
}

export interface BeginOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  /** As in a clone, or compiled, as in the image, which starts faster. */
  readonly from?: 'sources' | 'image';
}

/** Starts `drs-pilot` as a person does, without a terminal; it reaches no server but the one that `env` names. */
export function begin(args: readonly string[], { env = {}, input = '', from = 'image' }: BeginOptions = {}): Running {
  const bin = join(from === 'image' ? inject('compiled') : PROJECT, 'bin', 'drs-pilot.js');
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: PROJECT,
    env: { ...isolated(), TEMPORAL_ADDRESS: NOWHERE, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  let out = '';
  let err = '';
  const waiting = new Set<() => void>();
  child.stdout.on('data', (text) => {
    out += text;
    for (const look of waiting) look();
  });
  child.stderr.on('data', (text) => {
    err += text;
    for (const look of waiting) look();
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code) => resolve({ code, out, err, json: () => JSON.parse(out) }));
  });
  return {
    ended,
    said: (what) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!what.test(out + err)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
        ended.then(() => reject(new Error(`it ended without saying ${what}: ${out}${err}`)));
      }),
    kill: (signal) => child.kill(signal),
    pid: child.pid ?? 0,
  };
}

export const run = (args: readonly string[], options: BeginOptions = {}): Promise<Ended> => begin(args, options).ended;

const nowhere = async () => {
  throw new Error('there is no Temporal here');
};

/** The same within this process, a hundred times as fast, where nothing of a process matters: no server, unless it is given. */
export async function runHere(args: readonly string[], temporal: Context['temporal'] = nowhere): Promise<Ended> {
  const said = { out: '', err: '' };
  const write = (where: keyof typeof said) => (text: string) => {
    said[where] += text;
    return true;
  };
  const [stdout, stderr] = [{ write: write('out') }, { write: write('err') }] as NodeJS.WriteStream[];
  const output = new Output(stdout, stderr);
  const interrupted = () => new AbortController().signal;
  const context = { temporal, output, user: 'anna', ask: undefined, interrupted };
  const code = await runCommand(
    createProgram().configureOutput({ writeOut: write('out'), writeErr: write('err') }),
    context,
    args,
  );
  process.exitCode = 0;
  return { code, ...said, json: () => JSON.parse(said.out) };
}

export type Cli = (...args: string[]) => Promise<Ended>;

/** A fixture: `drs-pilot` within this process, on the server of all tests. */
// biome-ignore lint/correctness/noEmptyPattern: vitest reads it
export async function cliHere({}: object, use: (cli: Cli) => Promise<void>): Promise<void> {
  const temporal = await connect({ address: inject('temporal'), env: {} });
  await use((...args) => runHere(args, async () => temporal));
  await temporal.client.connection.close();
}

/** Files in a directory of their own; gives the directory. */
export function files(contents: Readonly<Record<string, string | object>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'drs-pilot-cli-'));
  for (const [name, content] of Object.entries(contents)) {
    writeFileSync(join(directory, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return directory;
}

export const file = (content: string | object, name = 'spec.yaml'): string => join(files({ [name]: content }), name);
