import { context, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import { OpenTelemetryWorkflowClientInterceptor } from '@temporalio/interceptors-opentelemetry/lib/client/index.js';
import { openTraces } from '../telemetry/traces.js';

/** One command as the beginning of a trace. */
export interface CommandTrace {
  readonly interceptor: WorkflowClientInterceptor;
  /** Ends the span and sends it, within two seconds. */
  end(exitCode: number): Promise<void>;
}

/** What a person does to a run; to look at one is no part of its trace. */
const TRACED = ['startWithDetails', 'startUpdate', 'signal', 'cancel', 'terminate'] as const;

export function traceCommand(name: string): CommandTrace {
  const traces = openTraces('cli');
  const span: Span = traces.tracer.startSpan(`drs-pilot ${name}`);
  const here = trace.setSpan(context.active(), span);
  const inner = new OpenTelemetryWorkflowClientInterceptor({ tracer: traces.tracer });
  type Method = (input: unknown, next: unknown) => Promise<unknown>;
  const within = TRACED.map((method) => {
    const act = inner[method].bind(inner) as unknown as Method;
    return [method, (input: unknown, next: unknown) => context.with(here, () => act(input, next))];
  });
  return {
    interceptor: Object.fromEntries(within) as WorkflowClientInterceptor,
    end: async (exitCode) => {
      span.setAttribute('process.exit.code', exitCode);
      span.setStatus({ code: exitCode === 0 ? SpanStatusCode.OK : SpanStatusCode.ERROR });
      span.end();
      await traces.close();
    },
  };
}
