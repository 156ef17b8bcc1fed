import { Injectable } from '@nestjs/common';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { Redis } from 'ioredis';
import { defineJob, JobEvents, ProcessJob, Scheduled, SchedulesService } from 'scalr-queue';
import { onTestFinished } from 'vitest';
import { startBoth, startProducer, startWorker, type TestAppOptions, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/ports.js';
import { sharedRedisUrl } from '../support/redis.js';
import { Act, logged, TracedStage } from '../support/traced-stage.js';
import { idOf, parentOf, setUpTracing, traceOf } from '../support/tracing.js';

const SECRET = 'the-secret-of-the-payload';
const Tick = defineJob('tick', { queue: 'clock' });

@Injectable()
class Clock {
  @ProcessJob(Tick)
  @Scheduled({ every: '1s' })
  tick() {}
}

const { spans, named, inRequest, reset } = setUpTracing();
beforeEach(reset);

const start = (options: TestAppOptions = {}) =>
  startBoth({ tracing: true, providers: [TracedStage], ...options });
/** The options of a job as the engine stored them. */
async function storedOptions(app: string, queue: string): Promise<Record<string, unknown>[]> {
  const redis = new Redis(sharedRedisUrl());
  onTestFinished(() => redis.disconnect());
  const keys = await redis.keys(`scalr:{${app}}:${queue}:*`);
  const texts = await Promise.all(
    keys.map(async (key) => ((await redis.type(key)) === 'hash' ? redis.hget(key, 'opts') : null)),
  );
  return texts.filter((text) => text !== null).map((text) => JSON.parse(text) as Record<string, unknown>);
}

describe('a schedule', () => {
  it('begins a trace per slot; a run asked for by a person belongs to the request', async () => {
    const { get } = await start({ providers: [Clock] });
    await eventually(() => expect(named('process clock').length).toBeGreaterThanOrEqual(3));
    const attempts = named('process clock').slice(0, 3);
    expect(new Set(attempts.map(traceOf)).size).toBe(3);
    for (const attempt of attempts) {
      const [send, ...more] = named('send clock', traceOf(attempt)) as [ReadableSpan];
      expect(more).toEqual([]);
      expect(parentOf(send)).toBeUndefined();
      expect(parentOf(attempt)).toBe(idOf(send));
      expect(attempt.attributes).toMatchObject({
        'scalr_queue.schedule.name': 'tick',
        'scalr_queue.schedule.slot': expect.stringMatching(/^\d{4}-.*Z$/) as string,
      });
    }
    const request = await inRequest(() => get(SchedulesService).runNow('tick'));
    await eventually(() => expect(named('process clock', traceOf(request))).toHaveLength(1));
  });
});

describe('logs and events', () => {
  it('lead to the trace', async () => {
    const { app, queue } = await start({ providers: [] });
    const events: Record<string, unknown>[] = [];
    const note = (events_: JobEvents) => {
      for (const name of ['enqueued', 'started', 'completed'] as const)
        events_.on(name, ({ traceId }) => events.push({ name, traceId }));
    };
    @Injectable()
    class Listener {
      constructor(jobEvents: JobEvents) {
        note(jobEvents);
      }
    }
    await startWorker({ app, tracing: true, providers: [TracedStage, Listener] });
    const request = await inRequest(() => queue.enqueue(Act, { act: 'look' }));
    const traceId = traceOf(request);
    await eventually(() =>
      expect(events).toEqual([
        { name: 'started', traceId },
        { name: 'completed', traceId },
      ]),
    );
    expect(logged.at(-1)).toMatchObject({ jobName: 'act', trace_id: traceId });
  });
});

describe('a span', () => {
  it('tells that nothing was enqueued', async () => {
    const port = await freePort();
    const { queue } = await startProducer({ tracing: true, redis: `redis://127.0.0.1:${port}` });
    await expect(queue.enqueue(Act, { act: 'succeed' })).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
    await expect(queue.enqueueMany(Act, [{ act: 'succeed' }])).rejects.toMatchObject({
      code: 'QUEUE_UNAVAILABLE',
    });
    const sends = named('send stage');
    expect(sends.map(({ attributes }) => attributes['error.type'])).toEqual([
      'QUEUE_UNAVAILABLE',
      'QUEUE_UNAVAILABLE',
    ]);
  });

  it('never holds a payload', async () => {
    const { queue, jobs } = await start();
    for (const act of ['succeed', 'fail once', 'discard'] as const) {
      const job = await queue.enqueue(Act, { act, secret: SECRET });
      await jobs.waitFor(job, { timeout: '10s' }).catch(() => undefined);
    }
    await eventually(() => expect(named('process stage')).toHaveLength(4));
    const shown = spans().map(({ name, attributes, events, status }) => ({
      name,
      attributes,
      events,
      status,
    }));
    expect(JSON.stringify(shown)).not.toContain(SECRET);
  });
});

describe('without the option', () => {
  it('there is no span, and nothing more in Redis', async () => {
    const { app, queue, jobs } = await start({ tracing: undefined });
    const request = await inRequest(async () => {
      await queue.enqueueMany(Act, [{ act: 'succeed' }]);
      await jobs.waitFor(await queue.enqueue(Act, { act: 'succeed' }), { timeout: '10s' });
    });
    expect(spans()).toEqual([request]);
    const off = await storedOptions(app, 'stage');
    expect(off).toHaveLength(2);
    for (const options of off) expect(options).not.toHaveProperty('tm');

    const traced = await start();
    await inRequest(() => traced.queue.enqueue(Act, { act: 'succeed' }));
    const [on] = await storedOptions(traced.app, 'stage');
    expect(on).toHaveProperty('tm');
  });

  it('a wrong value of it is refused', async () => {
    await expect(startProducer({ app: uniqueApp(), tracing: 'yes' as never })).rejects.toThrow(
      /expected tracing to be true or false, got: "yes"/,
    );
  });
});
