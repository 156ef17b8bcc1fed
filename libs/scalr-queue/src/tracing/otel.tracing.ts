import {
  type Attributes,
  type Context,
  context as contexts,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { StoredJob } from '../engine/stored-job.js';
import type { EnqueuedJob } from '../contract/enqueue-options.js';
import { fromStoredId } from '../engine/job-id.js';
import type { JobErrorInfo } from '../contract/job-info.js';
import { readMeta } from '../engine/job-meta.js';
import { describeThrown } from '../engine/failure.js';
import { redactText } from '../observability/redaction.js';
import { outcomeOf } from './attempt.outcome.js';
import { type SendFacts, Tracing } from './tracing.js';

/** Stands in `messaging.system`, and is the name of the tracer. */
const SYSTEM = 'scalr-queue';

/**
 * Spans by OpenTelemetry's conventions for messaging. The trace travels in the field of the engine's options that its own
 * telemetry uses, in the same form, so that jobs of an app that uses that continue their trace too. The engine's telemetry is
 * not used: it makes spans of each look for a job and each renewal of a lock, and sees nothing of what is sent in a transaction.
 */
export class OtelTracing extends Tracing {
  private readonly tracer = trace.getTracer(SYSTEM);
  private readonly traceIds = new WeakMap<StoredJob, string>();

  constructor(private readonly app: string) {
    super();
  }

  override enqueue(facts: SendFacts, send: () => Promise<EnqueuedJob>): Promise<EnqueuedJob> {
    return this.send(facts, contexts.active(), async (span) => {
      const job = await send();
      span.setAttributes({ 'messaging.message.id': job.id, 'scalr_queue.enqueue.status': job.status });
      return job;
    });
  }

  override enqueueMany(facts: SendFacts, send: () => Promise<EnqueuedJob[]>): Promise<EnqueuedJob[]> {
    return this.send(facts, contexts.active(), async (span) => {
      const jobs = await send();
      span.setAttribute('messaging.batch.message_count', jobs.length);
      return jobs;
    });
  }

  /** Whoever looks after the schedules was woken by something else, often by the slot before. */
  override slot(facts: SendFacts, send: () => Promise<void>): Promise<void> {
    return this.send(facts, ROOT_CONTEXT, send);
  }

  override attempt<T>(job: StoredJob, run: () => Promise<T>): Promise<T> {
    const { scheduledFor, slot } = readMeta(job.opts);
    const attributes = {
      ...this.attributes({ name: job.name, queue: job.queueName, schedule: slot?.schedule }, 'process'),
      'messaging.message.id': fromStoredId(job.id ?? ''),
      'scalr_queue.job.attempt': job.attemptsMade + 1,
      'scalr_queue.job.max_attempts': Math.max(job.opts.attempts ?? 1, 1),
      ...(scheduledFor === undefined
        ? {}
        : { 'scalr_queue.schedule.slot': new Date(scheduledFor).toISOString() }),
    };
    const parent = extracted(job.opts.telemetry?.metadata);
    const options = { kind: SpanKind.CONSUMER, attributes };
    return this.tracer.startActiveSpan(`process ${job.queueName}`, options, parent, async (span) => {
      const { traceId } = span.spanContext();
      if (trace.isSpanContextValid(span.spanContext())) this.traceIds.set(job, traceId);
      try {
        const result = await run();
        span.setAttribute('scalr_queue.job.outcome', 'completed');
        return result;
      } catch (error) {
        const { outcome, reason, error: failure } = outcomeOf(error);
        span.setAttribute('scalr_queue.job.outcome', outcome);
        if (reason) span.setAttribute('scalr_queue.job.dead_reason', reason);
        if (failure) fail(span, failure);
        throw error;
      } finally {
        span.end();
      }
    });
  }

  override carried<O extends object>(options: O): O {
    const metadata = this.carrier();
    return metadata === undefined ? options : { ...options, telemetry: { metadata } };
  }

  override carrier(): string | undefined {
    const carrier: Record<string, string> = {};
    propagation.inject(contexts.active(), carrier);
    return Object.keys(carrier).length > 0 ? JSON.stringify(carrier) : undefined;
  }

  override traceId(job?: StoredJob): string | undefined {
    const known = job && this.traceIds.get(job);
    if (known !== undefined) return known;
    const current = trace.getActiveSpan()?.spanContext();
    return current && trace.isSpanContextValid(current) ? current.traceId : undefined;
  }

  private send<T>(facts: SendFacts, parent: Context, send: (span: Span) => Promise<T>): Promise<T> {
    const options = { kind: SpanKind.PRODUCER, attributes: this.attributes(facts, 'send') };
    return this.tracer.startActiveSpan(`send ${facts.queue}`, options, parent, async (span) => {
      try {
        return await send(span);
      } catch (error) {
        fail(span, describeThrown(error));
        throw error;
      } finally {
        span.end();
      }
    });
  }

  private attributes({ name, queue, schedule }: SendFacts, operation: 'send' | 'process'): Attributes {
    return {
      'messaging.system': SYSTEM,
      'messaging.operation.name': operation,
      'messaging.operation.type': operation,
      'messaging.destination.name': queue,
      'scalr_queue.app': this.app,
      'scalr_queue.job.name': name,
      ...(schedule === undefined ? {} : { 'scalr_queue.schedule.name': schedule }),
    };
  }
}

/** The text without credentials, and no stack: its first line is the text as it was. */
function fail(span: Span, error: JobErrorInfo): void {
  const message = redactText(error.message);
  span.setAttribute('error.type', error.code ?? error.name);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
  span.addEvent('exception', { 'exception.type': error.name, 'exception.message': message });
}

/** What was stored may be anything: a carrier that cannot be read begins a new trace. */
function extracted(metadata: unknown): Context {
  if (typeof metadata !== 'string') return ROOT_CONTEXT;
  try {
    return propagation.extract(ROOT_CONTEXT, JSON.parse(metadata) as object);
  } catch {
    return ROOT_CONTEXT;
  }
}
