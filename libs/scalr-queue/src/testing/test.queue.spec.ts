import { Controller, Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  DeadLetterService,
  defineJob,
  Discard,
  EnqueueService,
  JobContext,
  type JobRef,
  JobsService,
  JobTimeoutError,
  OutcomeUnknownError,
  type PayloadOf,
  PayloadInvalidError,
  ProcessJob,
  QueueFullError,
  QueueUnavailableError,
  RetryLater,
  type ScalrQueueError,
  ScalrQueueHealthIndicator,
  ScalrQueueModule,
  Scheduled,
  Snooze,
  UnknownJobError,
} from 'scalr-queue';
import { z } from 'zod';
import { EnqueueExpectationError } from './enqueue.expectation.js';
import { TestQueue } from './test.queue.js';
import { ScalrQueueTestingModule, useTestQueue } from './testing.module.js';
import type { TestingModuleOptions } from './testing.options.js';

const Send = defineJob('send', {
  payload: z.object({ to: z.string(), lines: z.array(z.number()).optional() }),
  queue: 'mail',
  retry: { attempts: 3, delay: '1m', jitter: 0 },
});
const Clean = defineJob('clean', { retry: false });
const Follow = defineJob<{ of: string }>('follow');

@Injectable()
class Processor {
  static readonly ran: string[] = [];
  static readonly stuck: (() => void)[] = [];

  constructor(private readonly jobs: EnqueueService) {}

  @ProcessJob(Send)
  async send({ to }: PayloadOf<typeof Send>, ctx: JobContext) {
    Processor.ran.push(`${to} ${ctx.attempt}`);
    await ctx.log(`to ${to}`);
    if (to === 'nobody') throw new Discard('no such person');
    if (to === 'busy') throw new RetryLater('10m');
    if (to === 'asleep') throw new Snooze('8h');
    if (to === 'broken') throw new RangeError('it broke');
    if (to === 'stuck') await new Promise<void>((resolve) => Processor.stuck.push(resolve));
    await ctx.progress(100);
    await this.jobs.enqueue(Follow, { of: to });
    return { to };
  }

  @ProcessJob(Follow)
  async follow() {}

  @ProcessJob(Clean)
  @Scheduled({ cron: '0 3 * * *', tz: 'Europe/Madrid' })
  async clean(_payload: void, ctx: JobContext) {
    Processor.ran.push(ctx.scheduledFor!.toISOString());
  }
}

async function kit(options: TestingModuleOptions = {}) {
  Processor.ran.length = 0;
  const imports = [ScalrQueueTestingModule.forRoot({ now: Date.parse('2026-03-01T12:00Z'), ...options })];
  const module = await Test.createTestingModule({ imports, providers: [Processor] }).compile();
  return { module, queue: module.get(TestQueue), jobs: module.get(EnqueueService) };
}

// Else the kit warns of them ten seconds later, in whichever test runs then.
afterEach(() => Processor.stuck.splice(0).forEach((end) => end()));

function messageOf(check: () => unknown): string {
  try {
    check();
  } catch (error) {
    if (error instanceof EnqueueExpectationError) return error.message;
    throw error;
  }
  throw new Error('it did not throw');
}

describe('what was enqueued', () => {
  it('is recorded, and nothing of it runs', async () => {
    const { queue, jobs } = await kit();
    await jobs.enqueue(Send, { to: 'ann', lines: [1, 2] }, { delay: '10m', priority: 5 });
    const expectation = {
      payload: { to: 'ann' },
      delay: '10m',
      queue: 'mail',
      priority: 5,
      times: 1,
    } as const;
    const [job] = queue.expectEnqueued(Send, expectation);
    expect(job).toMatchObject({ name: 'send', delay: 600_000, runAt: new Date('2026-03-01T12:10Z') });
    queue.expectEnqueued(Send, {
      payload: { to: expect.stringMatching(/^a/), lines: [1, expect.any(Number)] },
    });
    queue.expectEnqueued(Send, { runAt: new Date('2026-03-01T12:10Z') });
    queue.expectNotEnqueued(Follow);
    queue.expectNotEnqueued(Send, { payload: { to: 'bob' } });
    expect(Processor.ran).toEqual([]);
    queue.clear();
    queue.expectNotEnqueued();
    expect(await queue.advance('1h')).toMatchObject({ completed: 0 });
  });

  it('is told where it is not as expected', async () => {
    const { queue, jobs } = await kit();
    await jobs.enqueue(Send, { to: 'ann' }, { id: 'one' });
    const message = messageOf(() => queue.expectEnqueued(Send, { payload: { to: 'bob' }, delay: '1s' }));
    expect(message).toBe(
      "expected send with { delay: 1000, payload: { to: 'bob' } } to be enqueued at least once; 0 of 1 enqueued match:\n" +
        "  1. one\n     - payload.to: expected 'bob', got 'ann'\n     - delay: expected 1000, got 0",
    );
    expect(messageOf(() => queue.expectEnqueued(Follow))).toContain('enqueued were: send');
    expect(messageOf(() => queue.expectEnqueued(Send, { times: 2 }))).toContain('2 times');
    expect(messageOf(() => queue.expectNotEnqueued())).toBe('expected no job to be enqueued, got 1: send');
    expect(messageOf(() => queue.expectNotEnqueued(Send))).toContain('0 times');
    expect(messageOf(() => queue.expectEnqueued(Send, { id: 'two' }))).toContain(
      "1. one\n     - id: expected 'two'",
    );
    expect(() => queue.expectEnqueued(Send, { times: -1 })).toThrow(/expected times to be an integer from 0/);
    expect(() => queue.expectEnqueued(Send, { delay: 'soon' as never })).toThrow('expected delay to be');
  });
});

describe('running', () => {
  it('lets no time pass, or some, and never less', async () => {
    const { queue, jobs } = await kit();
    const begun = queue.now;
    await jobs.enqueue(Send, { to: 'ann' });
    expect(await queue.advance(0)).toMatchObject({ completed: 2 });
    await queue.travel(0);
    expect(queue.now).toEqual(begun);
    await expect(queue.advance(-1)).rejects.toThrow('expected the time to advance to be');
    await expect(queue.travel('back' as never)).rejects.toThrow('expected the time to travel to be');
  });

  it('drains what is ready and what that enqueues', async () => {
    const { queue, jobs } = await kit();
    await jobs.enqueue(Send, { to: 'ann' });
    await jobs.enqueue(Send, { to: 'late' }, { delay: '1h' });
    expect(await queue.drain()).toEqual({ completed: 2, retrying: 0, postponed: 0, dead: 0, cancelled: 0 });
    queue.expectEnqueued(Follow, { payload: { of: 'ann' }, times: 1 });
    expect(await queue.advance('59m')).toMatchObject({ completed: 0 });
    expect(await queue.advance('1m')).toMatchObject({ completed: 2 });
  });

  it('retries by the virtual clock', async () => {
    const { queue, jobs } = await kit();
    await jobs.enqueue(Send, { to: 'broken' });
    expect(await queue.drain()).toMatchObject({ retrying: 1, dead: 0 });
    expect(await queue.advance('3m')).toMatchObject({ retrying: 1, dead: 1 });
    expect(Processor.ran).toEqual(['broken 1', 'broken 2', 'broken 3']);
    expect(queue.now).toEqual(new Date('2026-03-01T12:03Z'));
  });

  it('runs at once in the inline mode, and fails its normal way', async () => {
    const { module, queue, jobs } = await kit({ mode: 'inline' });
    const job = await jobs.enqueue(Send, { to: 'ann' });
    expect((await module.get(JobsService).get(job.id))?.state).toBe('completed');
    queue.expectEnqueued(Follow, { times: 1 });
    expect(await jobs.enqueueAndWait(Send, { to: 'bob' }, { waitFor: '1s' })).toEqual({ to: 'bob' });
    const failing = await jobs.enqueue(Send, { to: 'broken' });
    expect(failing.status).toBe('created');
    expect((await module.get(JobsService).get(failing.id))?.state).toBe('delayed');
  });

  it('lets a handler that never ends time out, with no wait when the clock is moved', async () => {
    const { module, queue, jobs } = await kit({ patience: 60_000 });
    const { id } = await jobs.enqueue(Send, { to: 'stuck' }, { retry: false });
    const draining = queue.drain();
    await queue.travel(0);
    await queue.travel('5m');
    expect(await draining).toMatchObject({ dead: 1 });
    expect((await module.get(JobsService).get(id))?.error?.code).toBe('JOB_TIMEOUT');
  });

  it('fires each slot of a schedule, and skips those of an outage', async () => {
    const { queue } = await kit();
    expect(await queue.advance('2d')).toMatchObject({ completed: 2 });
    expect(Processor.ran).toEqual(['2026-03-02T02:00:00.000Z', '2026-03-03T02:00:00.000Z']);
    await queue.travel('2d');
    await queue.drain();
    expect(Processor.ran).toHaveLength(2);
    await queue.advance('1d');
    expect(Processor.ran.at(-1)).toBe('2026-03-06T02:00:00.000Z');
  });
});

describe('one attempt', () => {
  it.each([
    ['ann', {}, { status: 'completed', result: { to: 'ann' }, logs: ['to ann'], progress: 100 }],
    ['broken', { attempt: 2 }, { status: 'retrying', delay: 120_000, error: expect.any(RangeError) }],
    ['broken', { attempt: 3 }, { status: 'dead', reason: 'attempts', error: expect.any(RangeError) }],
    ['nobody', {}, { status: 'dead', reason: 'discarded', error: expect.any(Discard) }],
    ['busy', {}, { status: 'retrying', delay: 600_000 }],
    ['asleep', {}, { status: 'snoozed', delay: 28_800_000 }],
    ['stuck', { retry: false as const }, { status: 'dead', error: expect.any(JobTimeoutError) }],
  ])('for %s with %o ends as expected', async (to, options, expected) => {
    const { queue } = await kit({ patience: 0 });
    expect(await queue.runJob(Send, { to }, options)).toMatchObject(expected);
  });

  it('refuses a wrong payload, an attempt too many, and a job without handler', async () => {
    const { queue } = await kit();
    await expect(queue.runJob(Send, { to: 1 } as never)).rejects.toBeInstanceOf(PayloadInvalidError);
    await expect(queue.runJob(Send, { to: 'x' }, { attempt: 4 })).rejects.toThrow('from 1 to 3, got: 4');
    await expect(queue.runJob(defineJob('strange'), undefined)).rejects.toBeInstanceOf(UnknownJobError);
  });
});

describe('a fault', () => {
  it('is one that code has to live with', async () => {
    const { module, queue, jobs } = await kit();
    const health = module.get(ScalrQueueHealthIndicator);
    queue.down();
    await expect(jobs.enqueue(Send, { to: 'a' })).rejects.toBeInstanceOf(QueueUnavailableError);
    expect(await health.isHealthy('queue')).toMatchObject({ queue: { status: 'down' } });
    queue.full();
    await expect(jobs.enqueue(Send, { to: 'a' })).rejects.toBeInstanceOf(QueueFullError);
    queue.hang();
    await expect(jobs.enqueue(Send, { to: 'a' }, { id: 'x' })).rejects.toBeInstanceOf(OutcomeUnknownError);
    queue.hang({ stored: false });
    await expect(jobs.enqueue(Send, { to: 'a' }, { id: 'y' })).rejects.toBeInstanceOf(OutcomeUnknownError);
    queue.up();
    expect((await jobs.enqueue(Send, { to: 'a' }, { id: 'x' })).status).toBe('duplicate');
    expect((await jobs.enqueue(Send, { to: 'a' }, { id: 'y' })).status).toBe('created');
    expect(await health.isHealthy('queue')).toMatchObject({ queue: { status: 'up' } });
  });
});

describe('a job that was enqueued before a fault', () => {
  it('does not run until the fault ends, but runs while there is only no room for more', async () => {
    const { queue, jobs } = await kit();
    await jobs.enqueue(Send, { to: 'nobody' });
    const faults = [() => queue.down(), () => queue.hang(), () => queue.hang({ stored: false })];
    for (const begin of faults) {
      begin();
      expect(await queue.drain()).toMatchObject({ dead: 0 });
    }
    queue.full();
    expect(await queue.drain()).toMatchObject({ dead: 1 });
  });
});

describe('a job that is gone', () => {
  it('has finished and is not kept, as far as its id is remembered', async () => {
    const { module, queue, jobs } = await kit();
    const dead = module.get(DeadLetterService);
    await jobs.enqueue(Send, { to: 'nobody' }, { id: 'gone' });
    await queue.drain();
    await dead.delete('gone');
    const reader = module.get(JobsService);
    const code = (ref: JobRef) =>
      reader.waitFor(ref, { timeout: '1s' }).catch((error: ScalrQueueError) => error.code);
    expect(await code('gone')).toBe('JOB_NOT_KEPT');
    expect(await code({ id: 'gone', name: 'send' })).toBe('JOB_NOT_KEPT');
    expect(await code('never')).toBe('JOB_FAILED');
  });
});

describe('an application', () => {
  @Controller()
  class Web {
    constructor(readonly jobs: EnqueueService) {}
  }

  const options = { app: 'billing', redis: 'redis://localhost:1/0', queues: { mail: { maxBacklog: 1 } } };

  @Module({
    imports: [ScalrQueueModule.forRootAsync({ useFactory: () => options })],
    controllers: [Web],
    providers: [Processor],
  })
  class AppModule {}

  it('gets the test queue in the place of the real one, with its own options', async () => {
    const builder = Test.createTestingModule({ imports: [AppModule] });
    const module = await useTestQueue(builder).compile();
    const app = module.createNestApplication();
    await app.init();
    const { jobs } = module.get(Web);
    await jobs.enqueue(Send, { to: 'ann' });
    await expect(jobs.enqueue(Send, { to: 'bob' })).rejects.toBeInstanceOf(QueueFullError);
    expect(await module.get(TestQueue).drain()).toMatchObject({ completed: 2 });
    await app.close();
  });
});
