import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { Queue } from 'bullmq';
import { BullMQOtel } from 'bullmq-otel';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import { startBoth } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';
import { Act, Outer, Threaded, TracedStage } from '../support/traced-stage.js';
import { idOf, parentOf, setUpTracing, traceOf } from '../support/tracing.js';

const { spans, named, inRequest, reset } = setUpTracing();
beforeEach(reset);

const start = () => startBoth({ tracing: true, providers: [TracedStage] });
const outcomesOf = (found: readonly ReadableSpan[]) =>
  found.map(({ attributes }) => attributes['scalr_queue.job.outcome']);

describe('one trace', () => {
  it('leads from the request over a job to the job that its handler enqueues', async () => {
    const { queue, app } = await start();
    const request = await inRequest(() => queue.enqueue(Outer));
    const trace = traceOf(request);
    await eventually(() => expect(named('process stage', trace)).toHaveLength(1));
    const path = ['send outer', 'process outer', 'load', 'send stage', 'process stage'];
    const chain = [request, ...path.map((name) => named(name, trace)[0]!)];
    expect(spans(trace)).toHaveLength(chain.length);
    for (const [index, span] of chain.entries())
      expect(parentOf(span)).toBe(index === 0 ? undefined : idOf(chain[index - 1]!));

    const [, send, attempt] = chain as [ReadableSpan, ReadableSpan, ReadableSpan];
    const id = attempt.attributes['messaging.message.id'];
    const common = {
      'messaging.system': 'scalr-queue',
      'messaging.destination.name': 'outer',
      'messaging.message.id': id,
      'scalr_queue.app': app,
      'scalr_queue.job.name': 'outer',
    };
    expect([send.kind, attempt.kind]).toEqual([SpanKind.PRODUCER, SpanKind.CONSUMER]);
    expect(send.attributes).toEqual({
      ...common,
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'scalr_queue.enqueue.status': 'created',
    });
    expect(attempt.attributes).toEqual({
      ...common,
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'scalr_queue.job.attempt': 1,
      'scalr_queue.job.max_attempts': 5,
      'scalr_queue.job.outcome': 'completed',
    });
  });

  it('has a span per attempt, and tells why one failed without credentials', async () => {
    const { queue, jobs } = await start();
    const request = await inRequest(async () =>
      jobs.waitFor(await queue.enqueue(Act, { act: 'fail once' }), { timeout: '10s' }),
    );
    await eventually(() => expect(named('process stage', traceOf(request))).toHaveLength(2));
    const [first, second] = named('process stage', traceOf(request)) as [ReadableSpan, ReadableSpan];
    const [send] = named('send stage', traceOf(request)) as [ReadableSpan];
    expect([parentOf(first), parentOf(second)]).toEqual([idOf(send), idOf(send)]);
    expect(first.attributes).toMatchObject({
      'scalr_queue.job.attempt': 1,
      'scalr_queue.job.outcome': 'retrying',
      'error.type': 'E_DB',
    });
    expect(first.status).toEqual({ code: SpanStatusCode.ERROR, message: 'no postgres://[redacted]@db/x' });
    expect(first.events.map(({ name, attributes }) => [name, attributes])).toEqual([
      ['exception', { 'exception.type': 'TypeError', 'exception.message': 'no postgres://[redacted]@db/x' }],
    ]);
    expect(second.attributes).toMatchObject({
      'scalr_queue.job.attempt': 2,
      'scalr_queue.job.outcome': 'completed',
    });
    expect(second.status.code).toBe(SpanStatusCode.UNSET);
  });

  it('goes on over a snooze, and ends where a job is dead', async () => {
    const { queue, jobs } = await start();
    const request = await inRequest(async () => {
      await jobs.waitFor(await queue.enqueue(Act, { act: 'snooze once' }), { timeout: '10s' });
      const discarded = await queue.enqueue(Act, { act: 'discard' });
      await jobs.waitFor(discarded, { timeout: '10s' }).catch(() => undefined);
    });
    await eventually(() => expect(named('process stage', traceOf(request))).toHaveLength(3));
    const [snoozed, completed, dead] = named('process stage', traceOf(request));
    expect(outcomesOf([snoozed!, completed!, dead!])).toEqual(['postponed', 'completed', 'dead']);
    expect(snoozed!.status.code).toBe(SpanStatusCode.UNSET);
    expect(dead!.status).toEqual({ code: SpanStatusCode.ERROR, message: 'not wanted' });
    expect(dead!.attributes).toMatchObject({ 'scalr_queue.job.dead_reason': 'discarded' });
  });

  it('holds every job of enqueueMany, over its slices, under one span', async () => {
    const { queue } = await start();
    const payloads = Array.from({ length: 300 }, () => ({ act: 'succeed' as const }));
    const request = await inRequest(() => queue.enqueueMany(Act, payloads));
    await eventually(() => expect(named('process stage', traceOf(request))).toHaveLength(300));
    const [send, ...more] = named('send stage', traceOf(request)) as [ReadableSpan];
    expect(more).toEqual([]);
    expect(send.attributes).toMatchObject({ 'messaging.batch.message_count': 300 });
    const parents = named('process stage', traceOf(request)).map(parentOf);
    expect(new Set(parents)).toEqual(new Set([idOf(send)]));
  });

  it('holds jobs that start later, are unique, or have an id of the caller; a duplicate says so', async () => {
    const { queue } = await start();
    const request = await inRequest(async () => {
      await queue.enqueue(Act, { act: 'succeed' }, { delay: 20 });
      await queue.enqueue(Act, { act: 'succeed' }, { unique: { key: 'one' } });
      await queue.enqueueMany(Act, [{ payload: { act: 'succeed' }, options: { id: 'mine' } }]);
    });
    await eventually(() => expect(named('process stage', traceOf(request))).toHaveLength(3));
    const again = await inRequest(() => queue.enqueue(Act, { act: 'succeed' }, { id: 'mine' }));
    expect(named('send stage', traceOf(again))[0]!.attributes).toMatchObject({
      'messaging.message.id': 'mine',
      'scalr_queue.enqueue.status': 'duplicate',
    });
  });

  it("is continued from a queue that the engine's own telemetry traces", async () => {
    const { app } = await start();
    const connection = new Redis(sharedRedisUrl(), { maxRetriesPerRequest: null });
    const telemetry = new BullMQOtel({ tracerName: 'theirs' });
    const theirs = new Queue('stage', { connection, prefix: `scalr:{${app}}`, telemetry });
    onTestFinished(async () => {
      await theirs.close();
      connection.disconnect();
    });
    const request = await inRequest(() => theirs.add('act', { act: 'succeed' }));
    await eventually(() => expect(named('process stage', traceOf(request))).toHaveLength(1));
    const added = spans(traceOf(request)).find(({ kind }) => kind === SpanKind.PRODUCER)!;
    expect(parentOf(named('process stage', traceOf(request))[0]!)).toBe(idOf(added));
  });

  it('reaches into a thread', async () => {
    const { queue, jobs } = await start();
    const inThread = await jobs.waitFor(await queue.enqueue(Threaded), { timeout: '20s' });
    await eventually(() => expect(named('process default')).toHaveLength(1));
    const [attempt] = named('process default') as [ReadableSpan];
    expect(inThread).toMatchObject({ traceId: traceOf(attempt), spanId: idOf(attempt) });
  });
});
