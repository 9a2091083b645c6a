import { context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  makeWorkflowExporter,
  OpenTelemetryActivityInboundInterceptor,
} from '@temporalio/interceptors-opentelemetry/lib/worker/index.js';
import type { ActivityInterceptorsFactory, InjectedSinks } from '@temporalio/worker';
import type { WorkflowInfo } from '@temporalio/workflow';
import type { Observer } from '../drs/observer.js';
import type { Traces } from '../telemetry/traces.js';
import type { TracesSinks } from '../workflows/tracing.js';

/** Runs that are traced hand over their spans; a worker that traces nothing drops them. */
export function spanSinks(traces: Traces | undefined): InjectedSinks<TracesSinks> {
  if (!traces) return { exporter: { export: { fn: () => undefined } } };
  const { fn } = makeWorkflowExporter(traces.processor, traces.resource).export;
  // Of what is known of a run only what finds it: memo and search attributes are not for collectors.
  const ids = ({ workflowId, runId, workflowType, namespace, taskQueue }: WorkflowInfo) =>
    ({ workflowId, runId, workflowType, namespace, taskQueue }) as WorkflowInfo;
  return { exporter: { export: { fn: (info, spans) => fn(ids(info), spans as Parameters<typeof fn>[1]) } } };
}

/** Activities of traced runs are spans; the others are none, or each would be a trace of its own. */
export const activitySpans =
  ({ tracer }: Traces): ActivityInterceptorsFactory =>
  (activity) => {
    const inner = new OpenTelemetryActivityInboundInterceptor(activity, { tracer });
    return {
      inbound: {
        execute: async (input, next) =>
          '_tracer-data' in input.headers ? await inner.execute(input, next) : await next(input),
      },
    };
  };

/**
 * A request is a span in each trace that it travels for: requests merge calls of several runs. What nobody's trace asks for, as
 * polls, is no span.
 */
export const requestSpans = ({ tracer }: Traces): Observer => ({
  request: ({ operation, cloud, jobs, callers }) => {
    const parents = new Set<string>();
    const spans = callers.flatMap((caller) =>
      caller(() => {
        const parent = trace.getSpan(context.active())?.spanContext();
        if (!parent || parents.has(parent.spanId)) return [];
        parents.add(parent.spanId);
        const attributes = { 'drs.operation': operation, 'drs.cloud': cloud, 'drs.jobs': jobs };
        return [tracer.startSpan(`DRS ${operation}`, { kind: SpanKind.CLIENT, attributes })];
      }),
    );
    return (ended) => {
      for (const span of spans) end(span, ended);
    };
  },
});

function end(
  span: Span,
  { status, requestId, kind, code, outcomes }: Parameters<ReturnType<NonNullable<Observer['request']>>>[0],
) {
  const failed = outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome]));
  const codes = [code, ...failed.map(({ at }) => at.code)].filter((one) => one !== undefined);
  const jobIds = outcomes.map(({ jobId }) => jobId).filter(Boolean);
  span.setAttributes({
    ...(status !== undefined && { 'http.response.status_code': status }),
    ...(requestId !== undefined && { 'drs.request_id': requestId }),
    ...((kind ?? failed[0]?.kind) !== undefined && { 'drs.kind': kind ?? failed[0]?.kind ?? '' }),
    ...(codes[0] !== undefined && { 'drs.code': codes[0] }),
    ...(jobIds.length > 0 && { 'drs.job_ids': jobIds }),
    'drs.failed_jobs': failed.length,
  });
  const isWell = kind === undefined && failed.length === 0 && status !== undefined;
  span.setStatus({ code: isWell ? SpanStatusCode.OK : SpanStatusCode.ERROR });
  span.end();
}
