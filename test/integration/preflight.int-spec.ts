import { Injectable, Logger } from '@nestjs/common';
import { defineJob, ProcessJob } from 'scalr-queue';
import { onTestFinished } from 'vitest';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/ports.js';
import { RedisServer } from '../support/redis.js';

const Echo = defineJob<string, string>('echo');

@Injectable()
class EchoProcessor {
  @ProcessJob(Echo)
  run(text: string) {
    return text;
  }
}

const providers = [EchoProcessor];

/** Collects what is logged while the test runs. */
function captureLog(): string[] {
  const lines: string[] = [];
  const write = (message: unknown) => void lines.push(String(message));
  Logger.overrideLogger({ log: write, warn: write, error: write });
  onTestFinished(() => Logger.overrideLogger(false));
  return lines;
}

const ready = async (url: string) => (await fetch(`${url}/health/ready`)).status;

describe('the preflight', () => {
  it('says nothing about a Redis as it should be', async () => {
    await using redis = await RedisServer.start();
    const lines = captureLog();
    await startWorker({ redis: redis.url, providers }, { logger: undefined });
    expect(lines.filter((line) => line.includes('preflight'))).toEqual([]);
  });

  it('shouts about settings that lose jobs, changes none of them, and works on', async () => {
    await using redis = await RedisServer.start({
      args: ['--appendonly', 'no', '--maxmemory-policy', 'allkeys-lru'],
    });
    const lines = captureLog();
    const worker = await startWorker({ redis: redis.url, providers }, { logger: undefined });
    const [report = ''] = lines.filter((line) => line.includes('preflight'));
    expect(report.split('\n')).toEqual([
      'Redis preflight found 2 problems:',
      '  - JOBS CAN BE LOST: maxmemory-policy is allkeys-lru, under which Redis deletes jobs when its memory is full. ' +
        'Start Redis with --maxmemory-policy noeviction',
      '  - JOBS CAN BE LOST: the append-only file is off, so a restart of Redis forgets jobs. ' +
        'Start Redis with --appendonly yes --appendfsync everysec',
    ]);
    expect(await ready(worker.url)).toBe(200);
    expect(await redis.cli('CONFIG', 'GET', 'maxmemory-policy')).toBe('maxmemory-policy\nallkeys-lru');
  });

  it('keeps a strict worker from becoming ready until it is mended', async () => {
    await using redis = await RedisServer.start({ args: ['--maxmemory-policy', 'allkeys-lru'] });
    const port = await freePort();
    const lines = captureLog();
    const booting = startWorker({ redis: redis.url, providers, strict: true }, { port, logger: undefined });
    await eventually(() => expect(lines.join('\n')).toContain('not ready until it is fixed'));
    expect(await ready(`http://127.0.0.1:${port}`)).toBe(503);
    await redis.cli('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    const worker = await booting;
    await eventually(async () => expect(await ready(worker.url)).toBe(200));
    expect(lines).toContain('Redis preflight: all is well now');
  });

  it('names the commands that the user lacks before any job is touched, and heals when they are granted', async () => {
    const app = uniqueApp();
    const acl = [
      `user app on >s3cret ~scalr:{${app}}:* resetchannels +@all -bzpopmin -zrevrange`,
      'user default on nopass ~* &* +@all',
    ];
    await using redis = await RedisServer.start({ acl });
    const lines = captureLog();
    const url = redis.url.replace('redis://', 'redis://app:s3cret@');
    const port = await freePort();
    const booting = startWorker({ app, redis: url, providers }, { port, logger: undefined });
    await eventually(() =>
      expect(lines.join('\n')).toMatch(/may not use zrevrange, bzpopmin|may not use bzpopmin, zrevrange/),
    );
    expect(lines.join('\n')).toContain('ACL SETUSER');
    expect(lines.join('\n')).not.toContain('s3cret');
    const { queue, jobs } = await startProducer({ app, redis: url }, { quiet: false });
    const job = await queue.enqueue(Echo, 'waits');
    expect(await jobs.get(job.id)).toMatchObject({ state: 'waiting' });
    await redis.cli('ACL', 'SETUSER', 'app', '+bzpopmin', '+zrevrange');
    await booting;
    expect(await jobs.waitFor(job, { timeout: '10s' })).toBe('waits');
  });

  it('gives one clear sentence for a wrong password, and never shows it', async () => {
    const acl = ['user app on >s3cret ~* &* +@all', 'user default on nopass ~* &* +@all'];
    await using redis = await RedisServer.start({ acl });
    const lines = captureLog();
    const { queue } = await startProducer(
      { redis: redis.url.replace('redis://', 'redis://app:wr0ng@') },
      { quiet: false },
    );
    await expect(queue.enqueue(Echo, 'x')).rejects.toThrow(
      /refuses the user or the password: check SCALR_REDIS_URL/,
    );
    await eventually(() => expect(lines.join('\n')).toContain('refuses the user or the password'));
    expect(lines.join('\n')).not.toContain('wr0ng');
  });
});

describe('a password that is fetched', () => {
  it('is taken anew after a rotation, without a restart', async () => {
    const acl = ['user app on >first ~* &* +@all', 'user default on nopass ~* &* +@all'];
    await using redis = await RedisServer.start({ acl });
    let secret = 'first';
    const target = {
      host: '127.0.0.1',
      port: redis.port,
      username: 'app',
      password: () => Promise.resolve(secret),
    };
    const app = uniqueApp();
    await startWorker({ app, redis: target, providers });
    const { queue } = await startProducer({ app, redis: target });
    expect(await queue.enqueueAndWait(Echo, 'before', { waitFor: '10s' })).toBe('before');
    secret = 'second';
    await redis.cli('ACL', 'SETUSER', 'app', 'resetpass', '>second');
    await redis.cli('CLIENT', 'KILL', 'USER', 'app');
    await eventually(async () =>
      expect(await queue.enqueueAndWait(Echo, 'after', { waitFor: '2s' })).toBe('after'),
    );
  });
});

describe('maxBacklog', () => {
  it('refuses what is too much, and only in that queue', async () => {
    const Many = defineJob<number>('many', { queue: 'crowded' });
    const { queue } = await startProducer({ queues: { crowded: { maxBacklog: 10 } } });
    await queue.enqueueMany(Many, [1, 2, 3, 4, 5, 6, 7, 8]);
    await queue.enqueue(Many, 9, { delay: '1h' });
    await queue.enqueue(Many, 10, { priority: 3 });
    await expect(queue.enqueue(Many, 11)).rejects.toMatchObject({ code: 'QUEUE_FULL' });
    await expect(queue.enqueue(Many, 11)).rejects.toThrow(/"crowded" holds 10 jobs, its maxBacklog is 10/);
    await expect(queue.enqueue(Echo, 'elsewhere')).resolves.toMatchObject({ status: 'created' });
  });

  it('holds for a process that began while the queue was nearly empty', async () => {
    const Many = defineJob<number>('many', { queue: 'crowded' });
    const app = uniqueApp();
    const limits = { app, queues: { crowded: { maxBacklog: 10 } } };
    const { queue } = await startProducer(limits);
    const other = await startProducer(limits);
    expect(await queue.enqueue(Many, 1)).toMatchObject({ status: 'created' });
    await other.queue.enqueueMany(Many, [2, 3, 4, 5, 6, 7, 8, 9, 10]);
    await eventually(() => expect(queue.enqueue(Many, 11)).rejects.toMatchObject({ code: 'QUEUE_FULL' }));
  });
});
