import { Injectable } from '@nestjs/common';
import { defineJob, JobContext, ProcessJob } from 'scalr-queue';
import { postgresOutbox } from 'scalr-queue/outbox';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { inTransaction, outboxDatabase, poolOf } from '../support/outbox.js';
import { PostgresServer } from '../support/postgres.js';
import { RedisServer } from '../support/redis.js';
import { Charge, Ship, shop } from '../support/shop.js';
import { migrationSql } from 'scalr-queue/outbox';

const Slow = defineJob<{ n: number }>('slow', { queue: 'slow', durable: true });

async function ownRedis(): Promise<RedisServer> {
  const redis = await RedisServer.start();
  onTestFinished(() => redis[Symbol.asyncDispose]());
  return redis;
}

/** An app on a Redis of its own whose jobs run when they may. */
async function stage({ maxBacklog }: { maxBacklog?: number } = {}) {
  const [redis, database] = await Promise.all([ownRedis(), outboxDatabase()]);
  const runs: string[] = [];
  const gate = { open: true };

  @Injectable()
  class Handler {
    @ProcessJob(Slow)
    async run(_: { n: number }, { id, signal }: JobContext) {
      while (!gate.open) {
        signal.throwIfAborted();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      runs.push(id);
    }
  }
  const options = () => ({
    app: 'wiped',
    redis: redis.url,
    outbox: postgresOutbox({ url: database.url }),
    ...(maxBacklog ? { queues: { slow: { maxBacklog } } } : {}),
  });
  const { queue, jobs } = await startProducer(options());
  const work = () => startWorker({ ...options(), providers: [Handler] }, { concurrency: 100 });
  const count = async (where: string) =>
    Number((await database.query(`select count(*) as n from scalr_queue.outbox where ${where}`))[0]!.n);
  return { redis, database, queue, jobs, work, runs, gate, count };
}

describe('Redis', () => {
  it('that is down: durable jobs are recorded, and run when it is back', async () => {
    const { redis, queue, work, runs } = await stage();
    await work();
    await redis.kill();
    const ids: string[] = [];
    for (let n = 0; n < 20; n++) ids.push((await queue.enqueue(Slow, { n })).id);
    await redis.restart();
    await eventually(() => expect(runs.toSorted()).toEqual(ids.toSorted()), { timeout: 30_000 });
  });

  it('that is wiped: all that had not ended is back, what had ended is not', async () => {
    const { redis, queue, jobs, work, runs, gate, count } = await stage();
    const worker = await work();
    const [ended] = await queue.enqueueMany(Slow, [{ n: 0 }]);
    await eventually(async () => expect(await count('done_at is not null')).toBe(1));
    gate.open = false;
    const rest = await queue.enqueueMany(
      Slow,
      Array.from({ length: 1_000 }, (_, n) => ({
        payload: { n },
        options: n % 3 === 0 ? { delay: 500 } : {},
      })),
    );
    await eventually(async () => expect(await count('sent_at is null')).toBe(0));
    await redis.cli('FLUSHALL');
    await eventually(async () => expect(await jobs.get(rest[999]!)).toBeDefined());
    gate.open = true;
    await eventually(() => expect(new Set(runs).size).toBe(1_001), { timeout: 30_000 });
    expect(runs.filter((id) => id === ended!.id)).toHaveLength(1);
    await eventually(async () => expect(await count('done_at is null')).toBe(0), { timeout: 30_000 });
    await worker.close();
  });

  it.each([
    ['has free slots', 100],
    ['has none', 5],
  ])(
    'that is wiped while jobs run: each is ended by its run, and started once, where the worker %s',
    async (_, concurrency) => {
      const [redis, database] = await Promise.all([ownRedis(), outboxDatabase()]);
      const starts: string[] = [];
      let open = (): void => undefined;
      const gate = new Promise<void>((resolve) => (open = resolve));

      @Injectable()
      class Handler {
        @ProcessJob(Slow)
        async run({ n }: { n: number }, { id, signal }: JobContext) {
          starts.push(id);
          await gate;
          signal.throwIfAborted();
          return n;
        }
      }
      const options = () => ({
        app: 'wiped',
        redis: redis.url,
        outbox: postgresOutbox({ url: database.url }),
        worker: { lockDuration: 2_000, stalledInterval: 500 },
      });
      const { queue, jobs } = await startProducer(options());
      await startWorker({ ...options(), providers: [Handler] }, { concurrency });
      const running = await queue.enqueueMany(
        Slow,
        Array.from({ length: 5 }, (_item, n) => ({ n })),
      );
      await eventually(() => expect(starts).toHaveLength(5));
      await redis.cli('FLUSHALL');
      await eventually(async () => expect(await jobs.get(running[4]!)).toBeDefined());
      open();
      for (const [n, job] of running.entries()) expect(await jobs.waitFor(job, { timeout: '20s' })).toBe(n);
      await eventually(async () =>
        expect(await database.query('select 1 from scalr_queue.outbox where done_at is null')).toEqual([]),
      );
      expect(starts).toHaveLength(5);
    },
  );

  it('that lost one job without being emptied: it is back', async () => {
    const { redis, database, queue, work, runs, count } = await stage();
    const { queue: name, id } = await queue.enqueue(Slow, { n: 1 }, { delay: '1h' });
    await work();
    await eventually(async () => expect(await count('sent_at is not null')).toBe(1));
    await redis.cli('DEL', `scalr:{wiped}:${name}:slow~${id}`);
    await redis.cli('ZREM', `scalr:{wiped}:${name}:delayed`, `slow~${id}`);
    // A delay that is over, and a look that is due.
    await database.query(
      `update scalr_queue.outbox set sent_at = now() - interval '5 minutes', options = replace(options::text, '3600000', '1')::json`,
    );
    await eventually(() => expect(runs).toEqual([id]), { timeout: 30_000 });
  });

  it('whose queue is full holds the relay back, not the caller, and no other queue', async () => {
    const { queue, work, count, database } = await stage({ maxBacklog: 10 });
    const far = { delay: '1h' } as const;
    const jobs = await queue.enqueueMany(
      Slow,
      Array.from({ length: 600 }, (_, n) => ({ n })),
      far,
    );
    expect(jobs).toHaveLength(600);
    const Other = defineJob('other', { queue: 'other', durable: true });
    await queue.enqueue(Other);
    await work();
    await eventually(async () => expect(await count(`queue = 'other' and sent_at is not null`)).toBe(1));
    expect(await count(`queue = 'slow' and sent_at is not null`)).toBeLessThan(600);
    expect(await database.query('select * from scalr_queue.outbox where error is not null')).toEqual([]);
  });
});

describe('a row', () => {
  it('that cannot be sent is given up after ten tries, and holds no other up', async () => {
    const { database, pool, queue, work, runs } = await shop();
    const bad = await queue.enqueue(Charge, { order: 1 });
    await database.query(`update scalr_queue.outbox set options = '{"options":{}}', tries = 8`);
    await work();
    await inTransaction(pool, (tx) => queue.enqueue(Ship, { order: 2 }, { tx }));
    await eventually(() => expect(runs).toMatchObject([{ order: 2 }]));
    await eventually(
      async () =>
        expect(
          await database.query('select * from scalr_queue.outbox where error is not null'),
        ).toMatchObject([{ id: bad.id, tries: 10, error: 'its options cannot be read' }]),
      { timeout: 40_000 },
    );
  });

  it('that Redis refuses alone is told from a Redis that takes none', async () => {
    const { redis, queue, work, runs, database } = await stage();
    const Once = defineJob('once', { queue: 'slow', unique: true, durable: true });
    const bad = await queue.enqueue(Once);
    const options = (await database.query('select options from scalr_queue.outbox'))[0]!.options as {
      options: { deduplication: { id: string } };
    };
    await redis.cli('LPUSH', `scalr:{wiped}:slow:de:${options.options.deduplication.id}`, 'x');
    const good = await queue.enqueueMany(Slow, [{ n: 1 }, { n: 2 }]);
    await work();
    await eventually(() => expect(runs.toSorted()).toEqual(good.map(({ id }) => id).toSorted()));
    await eventually(async () =>
      expect(await database.query('select id from scalr_queue.outbox where tries > 0')).toEqual([
        { id: bad.id },
      ]),
    );
  });

  it('that was sent and not marked makes no second job', async () => {
    const { database, queue, work, runs } = await shop();
    await queue.enqueueMany(Charge, [{ order: 1 }, { order: 2 }]);
    await work();
    await eventually(() => expect(runs).toHaveLength(2));
    await eventually(async () =>
      expect(await database.query('select * from scalr_queue.outbox where done_at is null')).toEqual([]),
    );
    await database.query('update scalr_queue.outbox set sent_at = null, done_at = null');
    await eventually(async () =>
      expect(await database.query('select * from scalr_queue.outbox where sent_at is null')).toEqual([]),
    );
    const after = await queue.enqueueAndWait(Charge, { order: 3 }, { waitFor: '10s' });
    expect(after).toEqual({ charged: 3 });
    expect(runs.map(({ order }) => order)).toEqual([1, 2, 3]);
  });
});

describe('two relays', () => {
  it('take turns: one holds the lease, and the other has it when the first is gone', async () => {
    const { database, queue, work, runs } = await shop();
    const first = await work();
    await queue.enqueue(Charge, { order: 1 });
    await eventually(() => expect(runs).toHaveLength(1));
    const holder = async () => (await database.query('select holder from scalr_queue.relay'))[0]!.holder;
    const held = await holder();
    await work();
    await first.close();
    await queue.enqueue(Charge, { order: 2 });
    await eventually(() => expect(runs).toHaveLength(2));
    expect(await holder()).not.toBe(held);
  });

  it('that believe to lead both: what the one marks that has lost the lease does not count', async () => {
    const { app, database, queue, work, runs } = await shop();
    await work();
    await queue.enqueue(Charge, { order: 1 });
    await eventually(() => expect(runs).toHaveLength(1));
    // Another holder, as after a pause that was longer than the lease.
    await database.query(
      `update scalr_queue.relay set holder = 'another', until = now() + interval '2 seconds' where app = '${app}'`,
    );
    await queue.enqueueMany(Charge, [{ order: 2 }, { order: 3 }]);
    await eventually(() => expect(new Set(runs.map(({ order }) => order))).toEqual(new Set([1, 2, 3])));
    await eventually(async () =>
      expect(await database.query('select * from scalr_queue.outbox where done_at is null')).toEqual([]),
    );
  });
});

describe('PostgreSQL', () => {
  it('that is frozen, killed and restarted: callers learn it in time, and it heals by itself', async () => {
    const server = await PostgresServer.start();
    onTestFinished(() => server[Symbol.asyncDispose]());
    const pool = poolOf(server);
    await pool.query(migrationSql('scalr_queue'));
    const app = uniqueApp();
    const runs: number[] = [];
    @Injectable()
    class Handler {
      @ProcessJob(Slow)
      run({ n }: { n: number }) {
        runs.push(n);
      }
    }
    const options = () => ({ app, outbox: postgresOutbox({ url: server.url }) });
    const { queue } = await startProducer(options());
    await startWorker({ ...options(), providers: [Handler] });
    await queue.enqueue(Slow, { n: 1 });
    await eventually(() => expect(runs).toEqual([1]));

    server.freeze();
    const begun = Date.now();
    const frozen = await queue.enqueue(Slow, { n: 2 }).catch((error: unknown) => error);
    expect(frozen).toMatchObject({
      code: expect.stringMatching(/^(OUTCOME_UNKNOWN|QUEUE_UNAVAILABLE)$/) as string,
    });
    expect(Date.now() - begun).toBeLessThan(10_000);
    server.thaw();
    await eventually(() => queue.enqueue(Slow, { n: 3 }));
    await eventually(() => expect(runs).toContain(3));

    await server.kill();
    await expect(queue.enqueue(Slow, { n: 4 })).rejects.toMatchObject({
      code: expect.stringMatching(/^(OUTCOME_UNKNOWN|QUEUE_UNAVAILABLE)$/) as string,
    });
    await server.restart();
    await eventually(() => queue.enqueue(Slow, { n: 5 }), { timeout: 20_000 });
    await eventually(() => expect(runs).toContain(5), { timeout: 20_000 });
  });
});
