import { Injectable } from '@nestjs/common';
import {
  DeadLetterService,
  defineJob,
  type JobContext,
  ProcessJob,
  QueuesService,
  Snooze,
} from 'scalr-queue';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { capturedLog } from '../support/captured-log.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis.js';

const Hold = defineJob<{ fails: boolean }, string>('hold', { retry: false });
const LOCK = 500;
/** Refusals a second of everything that a worker does; who does not wait after one gets thousands. */
const MANY = 50;
const worker = { lockDuration: LOCK, stalledInterval: 200 };

/** A handler that ends when the test says so. */
function bench() {
  const runs: string[] = [];
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));

  @Injectable()
  class Holder {
    @ProcessJob(Hold)
    async run({ fails }: { fails: boolean }, { id, attempt }: JobContext) {
      runs.push(`${id} ${attempt}`);
      await released;
      if (fails) throw new Error('at the end');
      return 'done';
    }
  }
  return { runs, providers: [Holder], release };
}

describe('a Redis that answers and refuses', () => {
  let redis: RedisServer;
  beforeAll(async () => void (redis = await RedisServer.start()));
  afterEach(() => allow());
  afterAll(() => redis.stop());

  /** It reads, and writes nothing. */
  const refuse = () => redis.cli('config', 'set', 'min-replicas-to-write', '1');
  const allow = () => redis.cli('config', 'set', 'min-replicas-to-write', '0');
  const ready = async (url: string) => (await fetch(`${url}/health/ready`)).status;
  const refusals = async () =>
    Number(/errorstat_NOREPLICAS:count=(\d+)/.exec(await redis.cli('info', 'errorstats'))?.[1] ?? 0);

  async function refusalsASecond(ms: number): Promise<number> {
    const [before, since] = [await refusals(), Date.now()];
    await eventually(() => Date.now() > since + ms, { timeout: 2 * ms });
    return ((await refusals()) - before) / ((Date.now() - since) / 1_000);
  }

  async function startHolding(shutdownTimeout = 2_000) {
    const { runs, providers, release } = bench();
    const log = capturedLog();
    const app = uniqueApp();
    const producer = await startProducer({ app, redis: redis.url });
    const options = { app, redis: redis.url, providers, worker };
    const running = await startWorker(options, { shutdownTimeout, logger: log.logger });
    const both = { ...producer, app, worker: running };
    const completing = await both.queue.enqueue(Hold, { fails: false });
    const failing = await both.queue.enqueue(Hold, { fails: true });
    const once = [`${completing.id} 1`, `${failing.id} 1`].toSorted();
    await eventually(() => expect(runs.toSorted()).toEqual(once));
    return { ...both, log, runs, once, release, completing, failing };
  }

  it('makes the worker not ready and is not pestered, and outcomes are written once it takes them, however late', async () => {
    const { worker: running, jobs, runs, once, release, completing, failing } = await startHolding();
    expect(await ready(running.url)).toBe(200);
    await refuse();
    release();
    await eventually(async () => expect(await refusals()).toBeGreaterThan(1));
    // Their locks are long gone then, and each outcome was refused more often than a lock is taken again.
    const asked = await refusalsASecond(LOCK + 5_500);
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThan(MANY);
    expect(await ready(running.url)).toBe(503);
    await allow();
    expect(await jobs.waitFor(completing, { timeout: '20s' })).toBe('done');
    await expect(jobs.waitFor(failing, { timeout: '20s' })).rejects.toMatchObject({ reason: 'attempts' });
    expect(await jobs.get(failing.id)).toMatchObject({ attempt: 1, error: { message: 'at the end' } });
    expect(runs.toSorted()).toEqual(once);
  });

  it('postpones a job that snoozes once it takes writes, and counts no failed attempt', async () => {
    const Nap = defineJob<void, number>('nap', { retry: { attempts: 2, delay: '1h' } });
    let runs = 0;
    let wake = (): void => undefined;
    const woken = new Promise<void>((resolve) => (wake = resolve));
    @Injectable()
    class Napper {
      @ProcessJob(Nap)
      async run(_payload: void, { attempt }: JobContext) {
        if (++runs > 1) return attempt;
        await woken;
        throw new Snooze('100ms');
      }
    }
    const log = capturedLog();
    const app = uniqueApp();
    const { queue, jobs } = await startProducer({ app, redis: redis.url });
    await startWorker({ app, redis: redis.url, providers: [Napper], worker }, { logger: log.logger });
    const job = await queue.enqueue(Nap);
    await eventually(() => expect(runs).toBe(1));
    await refuse();
    const before = await refusals();
    wake();
    await eventually(async () => expect(await refusals()).toBeGreaterThan(before + 1));
    await allow();
    expect(await jobs.waitFor(job, { timeout: '20s' })).toBe(1);
    expect(runs).toBe(2);
    expect(log.lines('warn').filter((line) => line.includes('retrying'))).toEqual([]);
  });

  it('is named as what it is by whatever else writes', async () => {
    const { queue, jobs, get } = await startProducer({ app: uniqueApp(), redis: redis.url });
    const [queues, dead] = [get(QueuesService), get(DeadLetterService)];
    const job = await queue.enqueue(Hold, { fails: false }, { delay: '1h' });
    const refused = {
      code: 'QUEUE_UNAVAILABLE',
      message:
        'Redis refuses: too few replicas are connected to the master (NOREPLICAS Not enough good replicas to write.)',
    };
    await refuse();
    await expect(jobs.cancel(job)).rejects.toMatchObject(refused);
    await expect(queues.pause('default')).rejects.toMatchObject(refused);
    await allow();
    expect(await jobs.cancel(job)).toBe('cancelled');
    await refuse();
    await expect(dead.retry(job.id)).rejects.toMatchObject(refused);
  });

  it('is not pestered by a worker that boots meanwhile, which is not ready and starts once it takes writes', async () => {
    const { providers, runs, release } = bench();
    release();
    const app = uniqueApp();
    const { queue, jobs } = await startProducer({ app, redis: redis.url });
    const job = await queue.enqueue(Hold, { fails: false });
    await refuse();
    const { url } = await startWorker({ app, redis: redis.url, providers, worker });
    const asked = await refusalsASecond(2_000);
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThan(MANY);
    expect(await ready(url)).toBe(503);
    await allow();
    expect(await jobs.waitFor(job, { timeout: '20s' })).toBe('done');
    expect(runs).toEqual([`${job.id} 1`]);
    await eventually(async () => expect(await ready(url)).toBe(200));
  });

  it('leaves an outcome that it has not taken by the end of a shutdown to recovery, and the worker says so', async () => {
    const { app, worker: running, jobs, log, release, completing, failing } = await startHolding(2_000);
    await refuse();
    const closed = running.close();
    // They end while the shutdown waits for them.
    await eventually(async () =>
      (await (await fetch(`${running.url}/health`)).text()).includes('"draining":true'),
    );
    release();
    await closed;
    expect(log.lines('log').at(-1)).toBe(
      'Shutdown: 0 finished, 0 handed back, 2 left to recovery (Redis did not answer, or refused)',
    );
    await allow();
    for (const { id } of [completing, failing])
      expect(await jobs.get(id)).toMatchObject({ state: 'running', attempt: 1 });
    const next = bench();
    next.release();
    await startWorker({ app, redis: redis.url, providers: next.providers, worker });
    expect(await jobs.waitFor(completing, { timeout: '20s' })).toBe('done');
    expect(next.runs).toContain(`${completing.id} 1`);
  });
});
