import { ApplicationFailure } from '@temporalio/common';
import { DefaultLogger, type LogEntry, type LogLevel } from '@temporalio/worker';
import type { TelemetryConfig } from './config.js';

type Write = (line: string) => void;

/** One line for each entry: JSON for machines, words for a terminal. Level and format are the configuration's. */
export function openLogger(
  { level, format }: TelemetryConfig['logs'],
  {
    write = (line) => process.stderr.write(`${line}\n`),
    terminal = process.stderr.isTTY === true,
  }: { write?: Write; terminal?: boolean } = {},
): DefaultLogger {
  const asText = format === 'text' || (format === 'auto' && terminal);
  return new DefaultLogger(level.toUpperCase() as LogLevel, (entry) => write((asText ? text : json)(entry)));
}

type Fields = Readonly<Record<string, unknown>>;

function json({ level, timestampNanos, message, meta }: LogEntry): string {
  const line = { time: time(timestampNanos), level: level.toLowerCase(), message, ...fieldsOf(meta) };
  return JSON.stringify(line, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}

/** What the person at a terminal needs to find the run; the rest is for machines. */
const SHOWN = ['workflowId', 'activityType', 'operation', 'jobId', 'code', 'requestId', 'attempt', 'error'];

function text({ level, timestampNanos, message, meta }: LogEntry): string {
  const fields = fieldsOf(meta);
  const told = SHOWN.flatMap((name) => (fields[name] === undefined ? [] : [`${name}=${words(fields[name])}`]));
  return [time(timestampNanos), level.padEnd(5), words(message), ...told].join(' ');
}

const words = (value: unknown): string => {
  const said = typeof value === 'object' && value !== null ? ((value as Fields)['message'] ?? value) : value;
  const told = typeof said === 'string' ? said : (JSON.stringify(said) ?? '');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these could move a terminal's cursor
  return told.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');
};

const time = (nanos: bigint): string => new Date(Number(nanos / 1_000_000n)).toISOString();

/** An error of DRS tells where it happened: job, code and request id stand beside the ids of the run. */
function fieldsOf(meta: LogEntry['meta']): Fields {
  const { error, sdkComponent: component, workflowRunId, taskToken: _, ...fields } = meta ?? {};
  // Activities say workflowRunId, workflows runId.
  return {
    ...fields,
    ...(workflowRunId !== undefined && { runId: workflowRunId }),
    ...(component !== undefined && { component }),
    ...(error !== undefined && errorFields(error)),
  };
}

function errorFields(error: unknown): Fields {
  if (!(error instanceof Error)) return { error };
  const [at] = error instanceof ApplicationFailure ? (error.details ?? []) : [];
  const { operation, jobId, code, requestId, status } = (typeof at === 'object' && at !== null ? at : {}) as Fields;
  const type = error instanceof ApplicationFailure ? error.type : error.name;
  const ours = type?.startsWith('drs.') ?? false;
  return {
    ...Object.fromEntries(
      Object.entries({ operation, jobId, code, requestId, status }).filter(([, value]) => value !== undefined),
    ),
    // A stack tells nothing of what a cloud refused.
    error: { type, message: error.message, ...(!ours && { stack: error.stack }) },
  };
}
