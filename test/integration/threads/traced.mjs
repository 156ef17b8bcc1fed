// Runs in a worker thread that has OpenTelemetry set up, as `node --import ./tracing.mjs` does for every thread.
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { defineJob, threadHandler } from 'scalr-queue/thread';

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
propagation.setGlobalPropagator(new W3CTraceContextPropagator());

export default threadHandler(defineJob('threaded'), async () => trace.getActiveSpan()?.spanContext());
