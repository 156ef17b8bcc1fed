import { Injectable } from '@nestjs/common';
import { defineJob, InvalidOptionError, ProcessJob, QueuesService, QueueUnavailableError } from 'scalr-queue';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis.js';

const Send = defineJob<{ n: number }>('letter.send', { queue: 'mail' });
const Print = defineJob('page.print', { queue: 'paper' });

@Injectable()
class Office {
  static sent: number[] = [];

  @ProcessJob(Send)
  send({ n }: { n: number }) {
    Office.sent.push(n);
  }

  @ProcessJob(Print)
  print() {}
}

async function startQueues(app = uniqueApp()) {
  const producer = await startProducer({ app });
  const queues = producer.get(QueuesService);
  const named = async (name: string) => (await queues.list()).find((queue) => queue.name === name);
  return { ...producer, app, queues, named };
}

const clock = () => performance.now();

describe('the list of queues', () => {
  it('tells of all queues of the app, also those that only another process uses', async () => {
    const app = uniqueApp();
    const other = await startProducer({ app });
    await other.queue.enqueue(Print);
    const { queue, queues } = await startQueues(app);
    await queue.enqueueMany(Send, [{ n: 1 }, { n: 2 }]);
    await queue.enqueue(Send, { n: 3 }, { delay: '1h' });
    await queue.enqueue(Send, { n: 4 }, { priority: 5 });
    const list = await eventually(async () => {
      const found = await queues.list();
      expect(found.map(({ name }) => name)).toEqual(['mail', 'paper']);
      return found;
    });
    expect(list[0]).toEqual({
      name: 'mail',
      waiting: 3,
      delayed: 1,
      running: 0,
      dead: 0,
      paused: false,
      oldestPendingAgeMs: expect.any(Number) as number,
      workers: 0,
    });
    await expect((await startQueues()).queues.list()).resolves.toEqual([]);
  });

  it('knows the age of the oldest job that could run: waiting, of any priority, delayed and due', async () => {
    const { queue, named } = await startQueues();
    const age = async () => (await named('mail'))?.oldestPendingAgeMs ?? NaN;
    await queue.enqueue(Send, { n: 0 }, { delay: '1h' });
    expect(await age()).toBe(0);

    // Due after a while, and nobody there to take it.
    const due = clock() + 300;
    await queue.enqueue(Send, { n: 1 }, { delay: 300 });
    expect(await age()).toBe(0);
    await eventually(async () => expect(await age()).toBeGreaterThan(0));
    expect(await age()).toBeLessThanOrEqual(clock() - due + 100);

    // The least urgent of many levels is the oldest, behind newer ones that are more urgent.
    const late = await startQueues();
    const enqueued = clock();
    await late.queue.enqueue(Send, { n: 2 }, { priority: 2_000_000 });
    await eventually(() => expect(clock() - enqueued).toBeGreaterThan(200));
    for (let priority = 1; priority <= 40; priority++) await late.queue.enqueue(Send, { n: 3 }, { priority });
    await late.queue.enqueue(Send, { n: 4 });
    const oldest = (await late.named('mail'))!.oldestPendingAgeMs;
    expect(oldest).toBeGreaterThan(150);
    expect(oldest).toBeLessThanOrEqual(clock() - enqueued + 100);
  });

  it('does not count the delay of a job into its age', async () => {
    const { app, queue, queues, named } = await startQueues();
    const enqueued = clock();
    await queue.enqueue(Send, { n: 1 }, { delay: 1_000 });
    await queues.pause('mail');
    // A worker promotes what is due, but may not start it.
    await startWorker({ app, providers: [Office] });
    await eventually(async () => expect(await named('mail')).toMatchObject({ waiting: 1, delayed: 0 }));
    expect((await named('mail'))!.oldestPendingAgeMs).toBeLessThanOrEqual(clock() - enqueued - 1_000 + 100);
    await queues.resume('mail');
    await eventually(async () => expect(await named('mail')).toMatchObject({ waiting: 0 }));
  });

  it('fails within the deadline while Redis hangs', async () => {
    await using redis = await RedisServer.start();
    const { get, queue } = await startProducer({ redis: redis.url });
    await queue.enqueue(Print);
    redis.freeze();
    const started = clock();
    await expect(get(QueuesService).list()).rejects.toThrow(QueueUnavailableError);
    expect(clock() - started).toBeLessThan(15_000);
    redis.thaw();
  });
});

describe('a paused queue', () => {
  it('starts no job until it is resumed, while the others go on, for this app only', async () => {
    const first = await startQueues();
    const second = await startQueues();
    for (const { app } of [first, second]) await startWorker({ app, providers: [Office] });
    await first.queues.pause('mail');
    expect(await first.named('mail')).toMatchObject({ paused: true, workers: 1 });
    expect(await second.named('mail')).toMatchObject({ paused: false });

    const held = await first.queue.enqueue(Send, { n: 77 });
    await first.jobs.waitFor(await first.queue.enqueue(Print), { timeout: '10s' });
    await second.jobs.waitFor(await second.queue.enqueue(Send, { n: 78 }), { timeout: '10s' });
    expect(await first.jobs.get(held.id)).toMatchObject({ state: 'waiting' });
    expect(Office.sent).toContain(78);
    expect(Office.sent).not.toContain(77);

    await first.queues.resume('mail');
    await first.jobs.waitFor(held, { timeout: '10s' });
    expect(await first.named('mail')).toMatchObject({ paused: false });
  });

  it('must be a queue of the app', async () => {
    const { queue, queues } = await startQueues();
    await queue.enqueue(Send, { n: 1 });
    await expect(queues.pause('mial')).rejects.toThrow('unknown queue "mial", did you mean "mail"?');
    await expect(queues.resume('spaceship')).rejects.toThrow('unknown queue "spaceship", known are: mail');
    await expect(queues.pause(undefined as never)).rejects.toThrow(InvalidOptionError);
    expect((await queues.list()).map(({ name }) => name)).toEqual(['mail']);
  });
});
