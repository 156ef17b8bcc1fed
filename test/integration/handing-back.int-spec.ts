import { Redis } from 'ioredis';
import { defineJob, JobEvents } from 'scalr-queue';
import { WorkerEngine } from '../../libs/scalr-queue/src/engine/engine-worker.js';
import { handlerOf } from '../conformance/driver.js';
import { HookLog } from '../conformance/engine/engine-worker.js';
import { AnsweringRedis, isScript } from '../support/answering-redis.js';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { capturedLog } from '../support/captured-log.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';

const Work = defineJob<{ n: number }>('work', { retry: false });

/** Ends when it is told to. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

describe('a worker that shuts down', () => {
  it('does not run a job that it got with the end of the one before, and puts it back untouched', async () => {
    const app = uniqueApp();
    const { queue, jobs } = await startProducer({ app });
    const front = await AnsweringRedis.before(sharedRedisUrl());
    onTestFinished(() => front[Symbol.asyncDispose]());
    const { opened, open } = gate();
    const runs: number[] = [];
    const work = handlerOf(Work, async ({ n }) => {
      runs.push(n);
      await opened;
    });
    const { logger, lines } = capturedLog();
    const worker = await startWorker(
      { app, redis: front.url, providers: [work], worker: { concurrency: 1 } },
      { logger },
    );
    const handedBack: string[] = [];
    worker.context.get(JobEvents, { strict: false }).on('handed-back', ({ id }) => void handedBack.push(id));
    const first = await queue.enqueue(Work, { n: 1 });
    const second = await queue.enqueue(Work, { n: 2 }, { expiresIn: 1 });
    await eventually(() => expect(runs).toEqual([1]));
    let isHeld = false;
    front.answer((args) => {
      const isEnd = isScript(args) && args.slice(0, 20).some((arg) => arg.endsWith(':completed'));
      return isEnd && (isHeld = true) ? 'hold' : undefined;
    });
    open();
    await eventually(() => isHeld);
    const closed = worker.close();
    front.answer();
    front.release();
    await closed;
    expect(runs).toEqual([1]);
    expect(await jobs.get(first.id)).toMatchObject({ state: 'completed' });
    expect(await jobs.get(second.id)).toMatchObject({ state: 'waiting', attempt: 0 });
    expect(handedBack).toEqual([second.id]);
    // The first one has ended before.
    expect(lines('log').at(-1)).toBe('Shutdown: 0 finished, 1 handed back');
    // It has not begun: it can still expire.
    await startWorker({ app, providers: [work] });
    await eventually(async () =>
      expect(await jobs.get(second.id)).toMatchObject({ state: 'dead', reason: 'expired' }),
    );
    expect(runs).toEqual([1]);
  });

  it('puts a job back whose lock is gone, where nobody else has it', async () => {
    const app = uniqueApp();
    const redis = new Redis(sharedRedisUrl());
    onTestFinished(() => redis.disconnect());
    const { queue, jobs } = await startProducer({ app });
    const { logger, lines } = capturedLog();
    const runs: number[] = [];
    const work = handlerOf(Work, ({ n }) => {
      runs.push(n);
      return new Promise(() => undefined);
    });
    const worker = await startWorker({ app, providers: [work] }, { logger, shutdownTimeout: 0 });
    const job = await queue.enqueue(Work, { n: 1 });
    await eventually(() => expect(runs).toEqual([1]));
    expect(await redis.del(`scalr:{${app}}:default:work~${job.id}:lock`)).toBe(1);
    await worker.close();
    expect(await jobs.get(job.id)).toMatchObject({ state: 'waiting', attempt: 0 });
    expect(lines('log')).toContain('Shutdown: 0 finished, 1 handed back');
  });

  it('is not undone by a worker that was about to take a job when it began to close', async () => {
    const app = uniqueApp();
    const { queue, jobs, context } = await startProducer({ app });
    const workers = context.get<WorkerEngine>(WorkerEngine, { strict: false });
    await workers.open(AbortSignal.timeout(10_000));
    const worker = workers.worker('default', () => Promise.resolve(), {}, new HookLog());
    await worker.close();
    const { id } = await queue.enqueue(defineJob('waits'));
    const taking = worker as unknown as { moveToActive(token: string): Promise<unknown> };
    expect(await taking.moveToActive('token')).toBeUndefined();
    expect((await jobs.get(id))?.state).toBe('waiting');
  });
});
