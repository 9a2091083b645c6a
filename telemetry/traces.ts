import { context, type Tracer } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { Resource } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { VERSION } from '../drs/version.js';
import type { TraceSettings } from './settings.js';

/** Traces of this process, on their way to a collector by OTLP over HTTP. */
export interface Traces {
  readonly tracer: Tracer;
  readonly processor: SpanProcessor;
  readonly resource: Resource;
  /** Sends what is left, but keeps nobody longer than a moment: a collector that is away must hold nothing up. */
  close(): Promise<void>;
}

const CLOSE_WITHIN_MS = 2_000;

/** Opens the traces of this process, once. Headers, time-outs, samplers and the protocol are those of the standard variables. */
export function openTraces(
  part: 'worker' | 'cli',
  { endpoint }: TraceSettings = {},
  env: Readonly<Record<string, string | undefined>> = process.env,
): Traces {
  const protocol = env['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'] ?? env['OTEL_EXPORTER_OTLP_PROTOCOL'];
  const Exporter = protocol === 'http/json' ? JsonExporter : ProtobufExporter;
  const exporter = new Exporter(endpoint ? { url: `${endpoint.replace(/\/+$/, '')}/v1/traces` } : {});
  const resource = Resource.default().merge(
    new Resource({
      'service.name': env['OTEL_SERVICE_NAME'] ?? 'drs-pilot',
      'service.version': VERSION,
      'drs_pilot.part': part,
    }),
  );
  const processor = new BatchSpanProcessor(exporter);
  const provider = new BasicTracerProvider({ resource, spanProcessors: [processor] });
  provider.register({
    contextManager: new AsyncLocalStorageContextManager(),
    propagator: new W3CTraceContextPropagator(),
  });
  return {
    tracer: provider.getTracer('drs-pilot', VERSION),
    processor,
    resource,
    close: async () => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, CLOSE_WITHIN_MS);
      });
      await Promise.race([provider.shutdown().catch(() => undefined), late]);
      clearTimeout(timer);
      context.disable();
    },
  };
}
