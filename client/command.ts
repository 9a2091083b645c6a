import type { Command } from 'commander';
import type { Temporal } from './connect.js';
import type { Output } from './output.js';

/** All that a command may touch. */
export interface Context {
  /** Connects at the first use: what works offline never does. */
  readonly temporal: () => Promise<Temporal>;
  readonly output: Output;
  /** Who decides, unless `--by` says otherwise. */
  readonly user: string;
  /** Asks the person at the terminal; undefined where there is none. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  /** A signal that Ctrl-C and SIGTERM abort, once it has been asked for; without it they end the process. */
  readonly interrupted: () => AbortSignal;
}

export type MakeCommand = (context: Context) => Command;

export const EXIT = { done: 0, failed: 1, badInput: 2, unreachable: 3, interrupted: 130 } as const;
export type Exit = (typeof EXIT)[keyof typeof EXIT];

/** What ends a command otherwise than well: one message for a person, with what to do. */
export class CommandError extends Error {
  constructor(
    readonly exit: Exit,
    message: string,
    /** Fields beside `error` in the object that `--json` prints. */
    readonly fields: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

export const badInput = (message: string, fields?: Readonly<Record<string, unknown>>) =>
  new CommandError(EXIT.badInput, message, fields);
export const failed = (message: string, fields?: Readonly<Record<string, unknown>>) =>
  new CommandError(EXIT.failed, message, fields);

/** An option that may be given several times. */
export const several = (value: string, before: readonly string[] = []): string[] => [...before, value];
