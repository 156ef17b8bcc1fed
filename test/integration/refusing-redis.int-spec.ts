import { Injectable } from '@nestjs/common';
import { defineJob, type JobContext, ProcessJob } from 'scalr-queue';
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
