import { Injectable } from '@nestjs/common';
import { type AnyJobDefinition, DeadLetterService, defineJob, ProcessJob, QueuesService } from 'scalr-queue';
import { AnsweringRedis, isScript } from '../support/answering-redis.js';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';

const settings = { retry: false } as const;
/** A definition of the version before, and of the version that gave it another queue. */
const Before = defineJob<{ n: number }>('report', { ...settings, queue: 'slow' });
const After = defineJob<{ n: number }>('report', { ...settings, queue: 'fast' });

function handlerOf(definition: AnyJobDefinition, run: (n: number, queue: string) => void) {
  @Injectable()
  class Handler {
    @ProcessJob(definition)
    handle(payload: unknown, ctx: { queue: string }) {
      run((payload as { n: number }).n, ctx.queue);
    }
  }
  return [Handler];
}

describe('a definition that has moved to another queue', () => {
  it('knows its jobs and unique keys of the former queue, and references to them are never ambiguous', async () => {
    const app = uniqueApp();
    const old = await startProducer({ app });
    const first = await old.queue.enqueue(Before, { n: 1 }, { id: 'first', delay: '1h' });
    const unique = { key: 'daily' } as const;
    const only = await old.queue.enqueue(Before, { n: 2 }, { unique, delay: '1h' });
    const web = await startProducer({ app });

    expect(await web.queue.enqueue(After, { n: 1 }, { id: 'first' })).toEqual({
      ...first,
      status: 'duplicate',
    });
    expect(await web.queue.enqueue(After, { n: 2 }, { unique })).toEqual({ ...only, status: 'duplicate' });
    const replacing = { ...unique, onConflict: 'replace' } as const;
    const newer = await web.queue.enqueue(After, { n: 3 }, { unique: replacing });
    expect(newer).toMatchObject({ queue: 'fast', status: 'replaced' });
    expect(await web.jobs.get(only)).toBeUndefined();

    // Both versions make one with this id, each not yet knowing of the other.
    const late = await web.queue.enqueue(After, { n: 4 }, { id: 'both', delay: '1h' });
    const early = await old.queue.enqueue(Before, { n: 4 }, { id: 'both', delay: '1h', unique: false });
    if (early.status === 'created') expect(early.queue).toBe('slow');
    expect(await web.jobs.get(late)).toMatchObject({ queue: 'fast' });
    expect(await web.jobs.get({ id: 'both', name: 'report', queue: 'fast' })).toMatchObject({
      queue: 'fast',
    });
    expect(await web.jobs.get({ id: 'both', name: 'report' })).toMatchObject({ queue: 'fast' });
    expect(await web.jobs.get('both')).toMatchObject({ queue: 'fast' });
    expect(await web.jobs.explain(first)).toMatchObject({ job: { queue: 'slow', state: 'delayed' } });
    expect(await web.jobs.cancel(first)).toBe('cancelled');
  });

  it('is not looked for in former queues for longer than a call can wait: what was known before must do', async () => {
    const front = await AnsweringRedis.before(sharedRedisUrl());
    onTestFinished(() => front[Symbol.asyncDispose]());
    const app = uniqueApp();
    const { queue } = await startProducer({ app, redis: front.url });
    const old = await startProducer({ app });
    const first = await old.queue.enqueue(Before, { n: 1 }, { id: 'first', delay: '1h' });
    await queue.enqueue(After, { n: 0 }, { id: 'other' });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
    onTestFinished(() => void vi.useRealTimers());
    // The reply comes once the job was sent without it.
    front.answer((args) => {
      if (isScript(args)) setImmediate(() => front.release());
      return args[0] === 'hkeys' ? 'hold' : undefined;
    });
    expect(await queue.enqueue(After, { n: 2 }, { id: 'second' })).toMatchObject({ status: 'created' });
    expect(await queue.enqueue(After, { n: 1 }, { id: 'first' })).toEqual({ ...first, status: 'duplicate' });
  });

  it('has what waits in its former queue run by its workers, and what died there retried in the new one', async () => {
    const app = uniqueApp();
    const dying = await startWorker({ app, providers: handlerOf(Before, () => { throw new Error('broken'); }) }); // prettier-ignore
    const old = await startProducer({ app });
    const dead = await old.queue.enqueue(Before, { n: 0 });
    await eventually(async () => expect((await old.jobs.get(dead))?.state).toBe('dead'));
    await dying.close();
    const waiting = await old.queue.enqueue(Before, { n: 1 });
    const delayed = await old.queue.enqueue(Before, { n: 2 }, { delay: 300 });

    const ran: [number, string][] = [];
    const providers = handlerOf(After, (n, queue) => ran.push([n, queue]));
    const worker = await startWorker({ app, providers });
    const web = await startProducer({ app });
    await web.jobs.waitFor(await web.queue.enqueue(After, { n: 3 }), { timeout: '10s' });
    await Promise.all([waiting, delayed].map((job) => web.jobs.waitFor(job, { timeout: '10s' })));
    await eventually(async () =>
      expect(await web.get(QueuesService).workers()).toMatchObject([{ queues: ['fast', 'slow'] }]),
    );

    expect(await web.get(DeadLetterService).retry(dead)).toMatchObject({ retried: 1 });
    await web.jobs.waitFor(dead, { timeout: '10s' });
    expect(await web.jobs.get(dead)).toMatchObject({ queue: 'fast', state: 'completed' });
    expect(ran.toSorted(([a], [b]) => a - b)).toEqual([
      [0, 'fast'],
      [1, 'slow'],
      [2, 'slow'],
      [3, 'fast'],
    ]);
    await worker.close();
  });
});
