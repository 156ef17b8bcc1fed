import { context, propagation, SpanKind, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';

/** What an app sets up with its SDK, with the spans kept in memory. For a whole test file: OpenTelemetry is global until its end. */
export function setUpTracing() {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  afterAll(() => {
    for (const api of [trace, propagation, context]) api.disable();
  });

  /** Spans that have ended, of one trace or of all, in the order of their end. */
  const spans = (traceId?: string) =>
    exporter
      .getFinishedSpans()
      .filter((span) => traceId === undefined || span.spanContext().traceId === traceId);
  /** In the order in which they began. */
  const named = (name: string, traceId?: string) =>
    spans(traceId)
      .filter((span) => span.name === name)
      .toSorted((a, b) => a.startTime[0] - b.startTime[0] || a.startTime[1] - b.startTime[1]);
  /** Runs work as a request that is traced, the way instrumentation of HTTP does it; returns the span. */
  const inRequest = (work: () => Promise<unknown>): Promise<ReadableSpan> =>
    trace
      .getTracer('test')
      .startActiveSpan('GET /', { kind: SpanKind.SERVER, root: true }, async (request) => {
        await work().finally(() => request.end());
        return request as unknown as ReadableSpan;
      });
  return { spans, named, inRequest, reset: () => exporter.reset() };
}

export const idOf = (span: ReadableSpan): string => span.spanContext().spanId;
export const traceOf = (span: ReadableSpan): string => span.spanContext().traceId;
export const parentOf = (span: ReadableSpan): string | undefined => span.parentSpanContext?.spanId;
