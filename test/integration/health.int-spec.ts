import { Injectable } from '@nestjs/common';
import { ScalrQueueHealthIndicator } from 'scalr-queue';
import { startProducer, startWorker } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/ports.js';
import { RedisServer } from '../support/redis.js';

describe('with the option strict', () => {
  it('web and worker are down while Redis can lose jobs, and up when that is mended', async () => {
    await using redis = await RedisServer.start({ args: ['--maxmemory-policy', 'allkeys-lru'] });
    const [strict, lenient] = [
      await startProducer({ redis: redis.url, strict: true }),
      await startProducer({ redis: redis.url }),
    ];
    const health = async ({ get }: typeof strict) =>
      (await get(ScalrQueueHealthIndicator).isHealthy('queue')).queue.status;
    await eventually(async () =>
      expect([await health(strict), await health(lenient)]).toEqual(['down', 'up']),
    );
    await redis.cli('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    // It looks again with each connection.
    await redis.cli('CLIENT', 'KILL', 'TYPE', 'normal');
    await eventually(async () => expect([await health(strict), await health(lenient)]).toEqual(['up', 'up']));

    // A worker that runs, too, when the setting is changed under it.
    const worker = await startWorker({ redis: redis.url, strict: true });
    const ready = async () => (await fetch(`${worker.url}/health/ready`)).status;
    expect(await ready()).toBe(200);
    await redis.cli('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    await redis.cli('CLIENT', 'KILL', 'TYPE', 'normal');
    await eventually(async () => {
      expect([await ready(), await health(strict)]).toEqual([503, 'down']);
      // It is not the outage that was in between.
      const { details } = (await (await fetch(`${worker.url}/health/ready`)).json()) as { details: object };
      expect(details).toMatchObject({
        redis: { status: 'up' },
        worker: { status: 'down', phase: 'running' },
      });
    });
  });
});

describe('a worker that boots', () => {
  it('is live, not started and not ready until its providers are there', async () => {
    let boot = () => {};
    const booted = new Promise<void>((resolve) => (boot = resolve));
    @Injectable()
    class Database {
      onModuleInit = () => booted;
    }
    const port = await freePort();
    const worker = startWorker({ providers: [Database] }, { port });
    const status = async (path: string) => (await fetch(`http://127.0.0.1:${port}/health/${path}`)).status;
    await eventually(async () => expect(await status('live')).toBe(200));
    expect(await status('startup')).toBe(503);
    expect(await status('ready')).toBe(503);
    boot();
    await worker;
    expect([await status('startup'), await status('ready')]).toEqual([200, 200]);
  });
});
