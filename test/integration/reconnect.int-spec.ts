import { Injectable } from '@nestjs/common';
import { defineJob, type JobContext, ProcessJob, QueueUnavailableError } from 'scalr-queue';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { AnsweringRedis, isScript } from '../support/answering-redis.js';
import { eventually } from '../support/eventually.js';
import { RedisServer, sharedRedisUrl } from '../support/redis.js';

const Note = defineJob<{ n: number }>('note');
type Definition = ReturnType<typeof defineJob>;
const READONLY = "READONLY You can't write against a read only replica.";

const [First, Second, Third, Fourth] = ['first', 'second', 'third', 'fourth'].map((queue) =>
  defineJob(`${queue}.note`, { queue }),
) as [Definition, Definition, Definition, Definition];

/** Handlers in four queues, each with a connection of its own. */
@Injectable()
class Quartet {
  @ProcessJob(First)
  first() {}

  @ProcessJob(Second)
  second() {}

  @ProcessJob(Third)
  third() {}

  @ProcessJob(Fourth)
  fourth() {}
}

async function startFront() {
  const front = await AnsweringRedis.before(sharedRedisUrl());
  onTestFinished(() => front[Symbol.asyncDispose]());
  return front;
}

describe('a server that has become a replica', () => {
  it('is left for the one that the name leads to now, without a restart', async () => {
    await using former = await RedisServer.start();
    await using master = await RedisServer.start();
    const front = await AnsweringRedis.before(former.url);
    onTestFinished(() => front[Symbol.asyncDispose]());
    const app = uniqueApp();
    const { queue } = await startProducer({ app, redis: front.url });
    await queue.enqueue(Note, { n: 0 });
    // Written beside the job: refused while a call is under way, it would take the answer of that one with it.
    await eventually(async () => expect(await former.cli('EXISTS', `scalr:{${app}}:~jobs`)).toBe('1'));
    await former.cli('REPLICAOF', '127.0.0.1', '1');
    front.target = master.url;
    await expect(queue.enqueue(Note, { n: 1 })).rejects.toBeInstanceOf(QueueUnavailableError);
    expect(await queue.enqueue(Note, { n: 2 })).toMatchObject({ status: 'created' });
    expect(await master.cli('DBSIZE')).not.toBe('0');
  });

  it('is not connected to again with each call while no master is found', async () => {
    const front = await startFront();
    const { queue } = await startProducer({ redis: front.url });
    await queue.enqueue(Note, { n: 0 });
    front.answer((args) => (isScript(args) ? { error: READONLY } : undefined));
    const { connections } = front;
    const began = performance.now();
    for (let n = 0; n < 50; n++)
      await expect(queue.enqueue(Note, { n })).rejects.toBeInstanceOf(QueueUnavailableError);
    expect(front.connections).toBeGreaterThan(connections);
    expect(front.connections - connections).toBeLessThanOrEqual(1 + (performance.now() - began) / 2_000);
  });

  it.each([
    'NOREPLICAS Not enough good replicas to write.',
    'MISCONF Errors writing',
    'OOM command not allowed',
  ])('is not left for %s', async (error) => {
    const front = await startFront();
    const { queue } = await startProducer({ redis: front.url });
    await queue.enqueue(Note, { n: 0 });
    const { connections } = front;
    front.answer((args) => (isScript(args) ? { error } : undefined));
    for (let n = 0; n < 5; n++)
      await expect(queue.enqueue(Note, { n })).rejects.toThrow(/Nothing was enqueued/);
    front.answer();
    await queue.enqueue(Note, { n: 0 });
    expect(front.connections).toBe(connections);
  });
});

describe('the connection of a worker', () => {
  /** A worker whose jobs end when they are told to. */
  async function startHeld() {
    const front = await startFront();
    const runs: string[] = [];
    const ends: (() => void)[] = [];
    @Injectable()
    class Holder {
      @ProcessJob(Note)
      async run(_payload: { n: number }, { id }: JobContext) {
        runs.push(id);
        await new Promise<void>((resolve) => void ends.push(resolve));
      }
    }
    const app = uniqueApp();
    await startWorker({ app, redis: front.url, providers: [Holder] });
    const producer = await startProducer({ app });
    return { ...producer, front, runs, end: () => ends.shift()!() };
  }

  it.each([['reset heard'], ['reset unheard'], [{ error: READONLY }]] as const)(
    'brings the end of a job through, once, after: %o',
    async (answer) => {
      const { queue, jobs, front, runs, end } = await startHeld();
      const job = await queue.enqueue(Note, { n: 1 });
      await eventually(() => expect(runs).toEqual([job.id]));
      let left = 1;
      front.answer((args) =>
        isScript(args) && args.some((arg) => arg.endsWith(':completed')) && left-- > 0 ? answer : undefined,
      );
      end();
      await jobs.waitFor(job, { timeout: '20s' });
      expect(left).toBeLessThan(1);
      const next = await queue.enqueue(Note, { n: 2 });
      await eventually(() => expect(runs).toEqual([job.id, next.id]));
      end();
      await jobs.waitFor(next, { timeout: '20s' });
      expect(runs).toEqual([job.id, next.id]);
    },
  );
});

describe('a Redis that takes no connection', () => {
  it('sees less than two attempts a second of a process, and all of its connections soon after it is well', async () => {
    const front = await startFront();
    const app = uniqueApp();
    const worker = await startWorker({ app, redis: front.url, providers: [Quartet] });
    const open = await eventually(() => (front.open >= 6 ? front.open : 0));
    front.refuse(true);
    await eventually(() => expect(front.connections).toBeGreaterThan(2 * open));
    const [before, began] = [front.connections, performance.now()];
    await eventually(() => expect(front.connections - before).toBeGreaterThanOrEqual(4));
    const seconds = (performance.now() - began) / 1_000;
    expect(front.connections - before).toBeLessThanOrEqual(2 * seconds + 1);
    front.refuse(false);
    await eventually(async () => expect((await fetch(`${worker.url}/health/ready`)).status).toBe(200));
    await eventually(() => expect(front.open).toBeGreaterThanOrEqual(open));
  });
});
