import { Injectable } from '@nestjs/common';
import { defineJob, Discard, EnqueueService, type JobContext, ProcessJob, QueuesService } from 'scalr-queue';
import type { BurstOptions } from 'scalr-queue/worker';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/ports.js';

type Act = 'ok' | 'fail' | 'die' | 'chain' | 'hang';
const Act = defineJob<Act>('act', { queue: 'first', retry: { attempts: 2, delay: 400, jitter: 0 } });
const Next = defineJob('next', { queue: 'second' });

function processorOf(ran: string[]) {
  @Injectable()
  class Actor {
    constructor(private readonly jobs: EnqueueService) {}

    @ProcessJob(Act)
    async run(act: Act, ctx: JobContext) {
      ran.push(act);
      if (act === 'fail' && ctx.attempt === 1) throw new Error('not yet');
      if (act === 'die') throw new Discard('no use');
      if (act === 'chain') await this.jobs.enqueue(Next);
      if (act === 'hang') await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve));
    }

    @ProcessJob(Next)
    next() {
      ran.push('next');
    }
  }
  Reflect.defineMetadata('design:paramtypes', [EnqueueService], Actor);
  return Actor;
}

/** An app whose producer is there before the burst, and how to start one. */
async function startApp() {
  const app = uniqueApp();
  const ran: string[] = [];
  const producer = await startProducer({ app });
  const burst = async (burst: true | BurstOptions = true) => {
    const worker = await startWorker({ app, providers: [processorOf(ran)] }, { burst, shutdownTimeout: 100 });
    return worker.burst!;
  };
  return { ...producer, app, ran, burst, queues: producer.get(QueuesService) };
}

describe('a burst', () => {
  it('works off what waits, also what its jobs enqueue into other queues, and ends', async () => {
    const { queue, ran, burst, queues } = await startApp();
    await queue.enqueueMany(Act, ['ok', 'chain', 'die', 'ok']);
    expect(await burst()).toMatchObject({
      ended: 'empty',
      completed: 4,
      failed: 1,
      dead: 1,
      handedBack: 0,
      left: [],
    });
    expect(ran.toSorted()).toEqual(['chain', 'die', 'next', 'ok', 'ok']);
    await eventually(async () => expect(await queues.workers()).toEqual([]));
  });

  it('ends at once when there is nothing to do', async () => {
    const { burst } = await startApp();
    expect(await burst()).toMatchObject({ ended: 'empty', completed: 0, failed: 0, dead: 0, left: [] });
  });

  it('leaves what is due later, unless it is due within the grace', async () => {
    const { queue, ran, burst } = await startApp();
    await queue.enqueue(Act, 'ok', { delay: '10m' });
    expect(await burst()).toMatchObject({ ended: 'empty', completed: 0 });
    expect(ran).toEqual([]);
    await queue.enqueue(Next, undefined, { delay: 600 });
    expect(await burst({ grace: '30s' })).toMatchObject({
      ended: 'empty',
      completed: 1,
      left: [{ queue: 'first', waiting: 0, delayed: 1, running: 0, paused: false }],
    });
    expect(ran).toEqual(['next']);
  });

  it('leaves retries to others, unless it is told to drain them', async () => {
    const { queue, ran, burst } = await startApp();
    await queue.enqueue(Act, 'fail', { retry: { attempts: 2, delay: '10m', jitter: 0 } });
    expect(await burst()).toMatchObject({ ended: 'empty', completed: 0, failed: 1, dead: 0 });
    await queue.enqueue(Act, 'fail');
    expect(await burst({ drainRetries: true })).toMatchObject({ completed: 1, failed: 1, dead: 0 });
    expect(ran).toEqual(['fail', 'fail', 'fail']);
  });

  it('leaves a paused queue alone', async () => {
    const { queue, burst, queues } = await startApp();
    await queue.enqueueMany(Act, ['ok', 'ok']);
    await queue.enqueue(Next);
    await queues.pause('first');
    expect(await burst()).toMatchObject({
      ended: 'empty',
      completed: 1,
      left: [{ queue: 'first', waiting: 2, paused: true }],
    });
  });

  it('ends at its timeout, and hands back what runs', async () => {
    const { queue, burst, queues } = await startApp();
    await queue.enqueue(Act, 'hang');
    expect(await burst({ timeout: '1s' })).toMatchObject({ ended: 'timeout', completed: 0, handedBack: 1 });
    expect((await queues.list()).find(({ name }) => name === 'first')).toMatchObject({ waiting: 1, dead: 0 });
  });

  it('ends at its timeout when there is no Redis', async () => {
    const worker = await startWorker(
      { redis: `redis://127.0.0.1:${await freePort()}`, providers: [processorOf([])] },
      { burst: { timeout: '500ms' } },
    );
    expect(await worker.burst).toMatchObject({ ended: 'timeout', completed: 0 });
  });
});
