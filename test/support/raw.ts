import { randomUUID } from 'node:crypto';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { runOf } from './harness.js';

/** A payload as it goes over the wire: what no converter of ours would send. */
export interface RawPayload {
  readonly encoding?: string;
  readonly data: string | Uint8Array;
}

const bytes = (text: string | Uint8Array): Uint8Array =>
  typeof text === 'string' ? new TextEncoder().encode(text) : text;

const payloads = (list: readonly RawPayload[]) => ({
  payloads: list.map(({ encoding, data }) => ({
    metadata: encoding === undefined ? {} : { encoding: bytes(encoding) },
    data: bytes(data),
  })),
});

/** Payloads that are no JSON object of ours, by what is wrong with them. */
export const UNREADABLE: Readonly<Record<string, readonly RawPayload[] | undefined>> = {
  'no input at all': undefined,
  'no payload': [],
  'an empty payload': [{ encoding: 'json/plain', data: '' }],
  'no encoding': [{ data: '{"gate":"start#1"}' }],
  'broken JSON': [{ encoding: 'json/plain', data: '{"gate":"start#1",' }],
  'a foreign encoding': [{ encoding: 'binary/encrypted', data: new Uint8Array([0, 255, 17, 128]) }],
  "the UI's json/protobuf": [{ encoding: 'json/protobuf', data: '{"gate":"start#1"}' }],
  'binary/protobuf': [{ encoding: 'binary/protobuf', data: new Uint8Array([10, 3, 97]) }],
  'binary/null': [{ encoding: 'binary/null', data: '' }],
  'binary/plain': [{ encoding: 'binary/plain', data: 'approve' }],
  null: [{ encoding: 'json/plain', data: 'null' }],
  'a text': [{ encoding: 'json/plain', data: '"approve start#1"' }],
  'a number': [{ encoding: 'json/plain', data: '7' }],
  'an array': [{ encoding: 'json/plain', data: '[{"gate":"start#1","by":"ada","reason":"x"}]' }],
  'an empty object': [{ encoding: 'json/plain', data: '{}' }],
};

/** Sends a signal past all converters. */
export async function signalRaw(
  client: Client,
  workflowId: string,
  signalName: string,
  input: readonly RawPayload[] | undefined,
): Promise<void> {
  await client.workflowService.signalWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId },
    signalName,
    ...(input && { input: payloads(input) }),
    identity: 'test',
    requestId: randomUUID(),
  });
}

/** Starts a migration past all converters; with a signal that is there before its first step. */
export async function startRaw(
  { client, taskQueue }: { readonly client: Client; readonly taskQueue: string },
  input: readonly RawPayload[] | undefined,
  signal?: { readonly name: string; readonly input: readonly RawPayload[] | undefined },
) {
  const workflowId = `migration-${randomUUID()}`;
  const request = {
    namespace: 'default',
    workflowId,
    workflowType: { name: 'migration' },
    taskQueue: { name: taskQueue },
    ...(input && { input: payloads(input) }),
    identity: 'test',
    requestId: randomUUID(),
  };
  if (signal) {
    await client.workflowService.signalWithStartWorkflowExecution({
      ...request,
      signalName: signal.name,
      ...(signal.input && { signalInput: payloads(signal.input) }),
    });
  } else await client.workflowService.startWorkflowExecution(request);
  return runOf(client.workflow.getHandle(workflowId) as WorkflowHandle);
}

export const json = (value: unknown): RawPayload => ({ encoding: 'json/plain', data: JSON.stringify(value) });
