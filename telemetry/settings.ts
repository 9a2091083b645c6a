type Env = Readonly<Record<string, string | undefined>>;

/** Where traces go, if anywhere: `endpoint`, else the standard variables of OpenTelemetry. Without either nothing is traced. */
export interface TraceSettings {
  /** Of a collector, `http://collector:4318`. */
  readonly endpoint?: string | undefined;
}

/** Whether traces are asked for. */
export const wantsTraces = (env: Env, { endpoint }: TraceSettings = {}): boolean =>
  env['OTEL_SDK_DISABLED']?.toLowerCase() !== 'true' &&
  (env['OTEL_TRACES_EXPORTER'] ?? 'otlp') === 'otlp' &&
  Boolean(endpoint || env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] || env['OTEL_EXPORTER_OTLP_ENDPOINT']);

/** What is wrong with the wish, in a sentence. */
export function traceProblem(env: Env): string | undefined {
  const protocol = env['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'] ?? env['OTEL_EXPORTER_OTLP_PROTOCOL'];
  if (protocol === undefined || ['http/protobuf', 'http/json'].includes(protocol)) return undefined;
  return `OTEL_EXPORTER_OTLP_PROTOCOL is "${protocol}": traces are sent by http/protobuf or http/json, to the collector's HTTP port (4318)`;
}
