import { BullModule, getQueueToken, Processor, WorkerHost } from '@nestjs/bullmq';
import type { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { defineJob, Discard } from 'scalr-queue';
import { onTestFinished } from 'vitest';
import type { KeepRule } from '../../libs/scalr-queue/src/engine/keep-rule.js';
import { RedisEngine } from '../../libs/scalr-queue/src/engine/redis/redis.engine.js';
import { handlerOf } from '../conformance/driver.js';
import { startBoth, startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { seedFinished } from '../support/finished-jobs.js';
import { eventually } from '../support/eventually.js';
import { RedisServer, sharedRedisUrl } from '../support/redis.js';

const Payment = defineJob<{ fails: boolean }>('payment', { queue: 'shop' });
const Noise = defineJob<{ fails: boolean }>('noise', {
  queue: 'shop',
  keep: { completed: { count: 0 }, dead: { count: 1 } },
});

const handle = ({ fails }: { fails: boolean }) => {
  if (fails) throw new Discard('on purpose');
};

@Processor('shop')
class Classes extends WorkerHost {
  override async process(): Promise<void> {}
}

function client(url: string): Redis {
  const redis = new Redis(url);
  onTestFinished(() => redis.disconnect());
  return redis;
}

/** How many finished jobs of the queue are stored, by name. */
async function storedIn(redis: Redis, queue: string, state: 'completed' | 'failed') {
  const counts: Record<string, number> = {};
  for (const id of await redis.zrange(`${queue}:${state}`, '0', '-1')) {
    const name = /^(.*)~/.exec(id)?.[1] ?? 'foreign';
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** The slow log keeps the first 31 of very many, and says how many more there were. */
function argumentsOf(command: readonly string[]): number {
  const more = /^\.\.\. \((\d+) more arguments\)$/.exec(command.at(-1) ?? '')?.[1];
  return more === undefined ? command.length : command.length - 1 + Number(more);
}

describe('keep', () => {
  it('of a definition holds for its own jobs only', async () => {
    const app = uniqueApp();
    const queue = `scalr:{${app}}:shop`;
    const redis = client(sharedRedisUrl());
    const { queue: jobs } = await startBoth({
      app,
      providers: [handlerOf(Payment, handle), handlerOf(Noise, handle)],
    });
    const five = (fails: boolean) => Array.from({ length: 5 }, () => ({ fails }));
    for (const fails of [true, false]) {
      await jobs.enqueueMany(Payment, five(fails));
      await jobs.enqueueMany(Noise, five(fails));
    }
    await eventually(async () =>
      expect(await storedIn(redis, queue, 'failed')).toEqual({ payment: 5, noise: 1 }),
    );
    await eventually(async () => expect(await storedIn(redis, queue, 'completed')).toEqual({ payment: 5 }));
  });

  it('is not shortened by jobs of @nestjs/bullmq in the same queue, whose own limits hold among themselves', async () => {
    const app = uniqueApp();
    const queue = `scalr:{${app}}:shop`;
    const redis = client(sharedRedisUrl());
    await seedFinished(redis, { queue, state: 'completed', name: 'payment', count: 20 });
    const imports = [BullModule.registerQueue({ name: 'shop' })];
    await startWorker({ app, imports, providers: [Classes] });
    const { context, jobs } = await startProducer({ app, imports });
    // Connected.
    await jobs.get('nobody');
    const foreign = context.get<Queue>(getQueueToken('shop'), { strict: false });
    for (let n = 0; n < 5; n++) await foreign.add('thumbnail', {}, { removeOnComplete: { count: 2 } });
    await foreign.add('thumbnail', {}, { removeOnComplete: true });
    await eventually(async () => {
      expect(await redis.llen(`${queue}:wait`)).toBe(0);
      expect(await storedIn(redis, queue, 'completed')).toEqual({ payment: 20, foreign: 2 });
    });
  });

  it('that was lowered is applied in slices, by count and by age, to completed and dead jobs', async () => {
    await using server = await RedisServer.start();
    const redis = client(server.url);
    const app = uniqueApp();
    const queue = `scalr:{${app}}:shop`;
    await seedFinished(redis, { queue, state: 'completed', name: 'payment', count: 20_000 });
    await seedFinished(redis, { queue, state: 'completed', name: 'of-no-code', count: 1_500 });
    await seedFinished(redis, {
      queue,
      state: 'failed',
      name: 'payment',
      count: 5_000,
      age: 15 * 86_400_000,
    });
    await seedFinished(redis, { queue, state: 'failed', name: 'noise', count: 3_000 });
    // Every command, with how many arguments it had.
    await redis.config('SET', 'slowlog-log-slower-than', '0', 'slowlog-max-len', '1000000');
    await redis.slowlog('RESET');
    const { queue: jobs } = await startBoth({
      app,
      redis: server.url,
      providers: [handlerOf(Payment, handle), handlerOf(Noise, handle)],
    });
    await jobs.enqueue(Noise, { fails: false });
    await eventually(async () => expect(await redis.zcard(`${queue}:completed`)).toBe(2_000), {
      timeout: 30_000,
    });
    await eventually(async () => expect(await redis.zcard(`${queue}:failed`)).toBe(1));
    expect(await storedIn(redis, queue, 'completed')).toEqual({ payment: 1_000, 'of-no-code': 1_000 });
    expect(await storedIn(redis, queue, 'failed')).toEqual({ noise: 1 });
    expect(await redis.keys(`${queue}:*~*`)).toHaveLength(2_001);
    const log = (await redis.slowlog('GET', -1)) as [number, number, number, string[]][];
    const removals = log
      .map(([, , , command]) => command)
      .filter(([name, , , key]) => name!.startsWith('eval') && /:(completed|failed)$/.test(key!));
    // Script, keys and prefix, then two for each of 50 jobs. No script that removes more holds Redis for longer.
    expect(removals.length).toBeGreaterThanOrEqual(Math.ceil(27_500 / 50));
    expect(Math.max(...removals.map(argumentsOf))).toBeLessThanOrEqual(5 + 2 * 50);
  });

  it('of the worker that keeps the most counts while several live, then that of the newest', async () => {
    const app = uniqueApp();
    const redis = client(sharedRedisUrl());
    const { get, jobs } = await startProducer({ app });
    // Connected.
    await jobs.get('nobody');
    const store = get(RedisEngine).finished;
    const rule = (count: number): [string, KeepRule] => [
      'few',
      { completed: { age: 1_000, count }, dead: { age: 1_000, count: 1_000 - count } },
    ];
    const longer = { completed: { age: 1_000, count: 9 }, dead: { age: 1_000, count: 995 } };
    await store.announce(new Map([rule(9)]));
    await store.announce(new Map([rule(5)]));
    expect(await store.rules()).toEqual({ rules: new Map([['few', longer]]), differ: true });
    await redis.hset(`scalr:{${app}}:~keep`, 'few 1000,9,1000,991', 1);
    expect(await store.rules()).toEqual({ rules: new Map([rule(5)]), differ: false });
    await redis.hset(`scalr:{${app}}:~keep`, 'few 1000,5,1000,995', 2);
    expect((await store.rules()).rules).toEqual(new Map([rule(5)]));
  });

  it('holds for jobs that are cancelled, with no worker', async () => {
    const app = uniqueApp();
    const redis = client(sharedRedisUrl());
    const Few = defineJob('few', { queue: 'shop', keep: { dead: { count: 20 } } });
    const { queue, jobs } = await startProducer({ app });
    const waiting = await queue.enqueueMany(Few, Array.from({ length: 2_000 }));
    await Promise.all(waiting.map((job) => jobs.cancel(job)));
    await eventually(async () =>
      expect(await storedIn(redis, `scalr:{${app}}:shop`, 'failed')).toEqual({ few: 20 }),
    );
  });
});
