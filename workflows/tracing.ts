import { defaultPayloadConverter, type Headers } from '@temporalio/common';
import type {
  Sink,
  Sinks,
  WorkflowInboundCallsInterceptor,
  WorkflowOutboundCallsInterceptor,
} from '@temporalio/workflow';

/** Where spans of runs leave the sandbox. */
export interface TracesSinks extends Sinks {
  readonly exporter: Sink & { export(spans: readonly unknown[]): void };
}

/** Of Temporal's interceptors for OpenTelemetry; its value is a W3C trace context. */
const HEADER = '_tracer-data';
const SAMPLED = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f][13579bdf]$/;

/**
 * Spans of a run and of what it hands out, where the header of its start asks for them: so a replay does the same, whatever the
 * worker's settings are. Only then is the library loaded into the sandbox: a run without a trace pays nothing. A header that
 * cannot be read is no trace. Signals carry none: what anybody sends must not meet code that could throw.
 */
export function tracing(): {
  readonly inbound: WorkflowInboundCallsInterceptor;
  readonly outbound: WorkflowOutboundCallsInterceptor;
} {
  let traced:
    | Required<
        Pick<
          WorkflowOutboundCallsInterceptor,
          'scheduleActivity' | 'scheduleLocalActivity' | 'startChildWorkflowExecution' | 'continueAsNew'
        >
      >
    | undefined;
  return {
    inbound: {
      async execute(input, next) {
        if (!isTraced(input.headers)) return await next(input);
        const library = await import(
          /* webpackMode: "eager" */ '@temporalio/interceptors-opentelemetry/lib/workflow/index.js'
        );
        traced = new library.OpenTelemetryOutboundInterceptor();
        return await new library.OpenTelemetryInboundInterceptor().execute(input, next);
      },
    },
    outbound: {
      scheduleActivity: async (input, next) =>
        traced ? await traced.scheduleActivity(input, next) : await next(input),
      scheduleLocalActivity: async (input, next) =>
        traced ? await traced.scheduleLocalActivity(input, next) : await next(input),
      startChildWorkflowExecution: async (input, next) =>
        traced ? await traced.startChildWorkflowExecution(input, next) : await next(input),
      continueAsNew: async (input, next) => (traced ? await traced.continueAsNew(input, next) : await next(input)),
    },
  };
}

function isTraced(headers: Headers): boolean {
  try {
    const header = headers[HEADER];
    const carrier = header && defaultPayloadConverter.fromPayload<{ traceparent?: unknown } | null>(header);
    return typeof carrier?.traceparent === 'string' && SAMPLED.test(carrier.traceparent);
  } catch {
    return false;
  }
}
