import { defineJob, OutcomeUnknownError, QueueUnavailableError } from 'scalr-queue';
import { startProducer } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/ports.js';
import { RedisServer } from '../support/redis.js';

const Ping = defineJob<{ n: number }>('ping');

/** Generous: the promise is 1.1 s, the machine is shared. */
const SETTLED = 6_000;
/** The promise itself: where one call may meet a busy machine, half of nine do not. */
const AT_ONCE = 50;

type Producer = Awaited<ReturnType<typeof startProducer>>;

async function timed(work: Promise<unknown>) {
  const started = performance.now();
  const outcome = await work.then(
    (value) => value,
    (error: unknown) => error,
  );
  return { outcome, ms: Math.round(performance.now() - started) };
}

/** The call of which half of nine are quicker, each of them refused. */
async function medianRefusal(producer: Producer) {
  const calls = [];
  for (let k = 0; k < 9; k++) {
    calls.push(await enqueue(producer));
    expect(calls[k]!.outcome).toBeInstanceOf(QueueUnavailableError);
  }
  return calls.toSorted((one, other) => one.ms - other.ms)[4]!;
}

const enqueue = ({ queue }: Producer, id?: string) => timed(queue.enqueue(Ping, { n: 1 }, id ? { id } : {}));

describe('enqueue in the six states of Redis', () => {
  it('settles in time, says what happened, and heals by itself', async () => {
    const port = await freePort();
    const producer = await startProducer({ redis: `redis://127.0.0.1:${port}` });
    const table: Record<string, string> = {};
    const note = (state: string, { outcome, ms }: { outcome: unknown; ms: number }) => {
      table[state] = `${outcome instanceof Error ? outcome.name : 'created'} in ${ms} ms`;
    };

    const first = await enqueue(producer);
    expect(first.outcome).toBeInstanceOf(QueueUnavailableError);
    expect(first.ms).toBeLessThan(SETTLED);
    const known = await medianRefusal(producer);
    note('down at boot', known);
    expect(known.ms).toBeLessThan(AT_ONCE);

    await using redis = await RedisServer.start({ port });
    const upAt = performance.now();
    await eventually(
      async () => expect((await enqueue(producer)).outcome).toMatchObject({ status: 'created' }),
      { timeout: 15_000 },
    );
    expect(performance.now() - upAt).toBeLessThan(15_000);
    note('then up', await enqueue(producer));

    await redis.kill();
    await eventually(async () =>
      expect((await enqueue(producer)).outcome).toBeInstanceOf(QueueUnavailableError),
    );
    const killed = await medianRefusal(producer);
    note('killed', killed);
    expect(killed.ms).toBeLessThan(AT_ONCE);

    await redis.restart();
    await eventually(
      async () => expect((await enqueue(producer)).outcome).toMatchObject({ status: 'created' }),
      { timeout: 4_000 },
    );
    note('back', await enqueue(producer));

    redis.freeze();
    const frozen = await enqueue(producer, 'while-frozen');
    note('frozen', frozen);
    expect(frozen.outcome).toBeInstanceOf(OutcomeUnknownError);
    expect(frozen.outcome).toMatchObject({ jobId: 'while-frozen', code: 'OUTCOME_UNKNOWN' });
    expect(frozen.ms).toBeGreaterThan(900);
    expect(frozen.ms).toBeLessThan(SETTLED);
    for (let wave = 0; wave < 4; wave++) {
      const { outcome, ms } = await enqueue(producer);
      expect(outcome).toBeInstanceOf(Error);
      expect(ms).toBeLessThan(SETTLED);
    }

    redis.thaw();
    await eventually(
      async () =>
        expect((await enqueue(producer)).outcome).toMatchObject({ name: 'ping', id: expect.any(String) }),
      { timeout: 4_000 },
    );
    note('thawed', await enqueue(producer));
    // The same id makes one job, whatever became of the first call.
    await producer.queue.enqueue(Ping, { n: 1 }, { id: 'while-frozen' });
    expect(await producer.jobs.get('while-frozen')).toMatchObject({ state: 'waiting' });
    console.table(table);
  });

  it('waits for the very first connection instead of refusing while it is made', async () => {
    await using redis = await RedisServer.start();
    const producer = await startProducer({ redis: redis.url });
    expect(await producer.queue.enqueue(Ping, { n: 1 })).toMatchObject({ status: 'created' });
  });

  it('waits for the next connection after a cut by a Redis that is well, and loses and doubles nothing', async () => {
    await using redis = await RedisServer.start();
    const producer = await startProducer({ redis: redis.url });
    await enqueue(producer, 'first');
    for (const id of ['a', 'b', 'c']) {
      await redis.cli('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      // The client hears of it in the next turns of the event loop; the call comes right after, as a request would.
      for (let turns = 0; turns < 5; turns++) await new Promise(setImmediate);
      const calls = await Promise.all([enqueue(producer, id), timed(producer.jobs.get('first'))]);
      for (const { outcome } of calls) expect(outcome).not.toBeInstanceOf(Error);
      expect(await producer.jobs.get(id)).toMatchObject({ state: 'waiting' });
    }
  });

  it('refuses at once when the attempt that follows the cut has failed', async () => {
    await using redis = await RedisServer.start();
    const producer = await startProducer({ redis: redis.url });
    await enqueue(producer);
    await redis.kill();
    const first = await enqueue(producer);
    expect(first.outcome).toBeInstanceOf(QueueUnavailableError);
    expect(first.ms).toBeLessThan(SETTLED);
    expect((await medianRefusal(producer)).ms).toBeLessThan(AT_ONCE);
  });

  it('refuses a flood while Redis is down without queueing it in memory', async () => {
    const producer = await startProducer({ redis: `redis://127.0.0.1:${await freePort()}` });
    await enqueue(producer);
    const outcomes = await Promise.all(Array.from({ length: 5_000 }, () => enqueue(producer)));
    expect(outcomes.every(({ outcome }) => outcome instanceof QueueUnavailableError)).toBe(true);
  });
});

describe('a process that is blocked', () => {
  const block = (ms: number) => {
    const end = performance.now() + ms;
    while (performance.now() < end);
  };

  it('still hears that its jobs are enqueued, however late it listens', async () => {
    await using redis = await RedisServer.start();
    const producer = await startProducer({ redis: redis.url });
    await producer.queue.enqueue(Ping, { n: 0 });
    const calls = Array.from({ length: 2_000 }, (_, n) => producer.queue.enqueue(Ping, { n }));
    // Longer than the time that a call has.
    block(1_500);
    const outcomes = await Promise.all(calls);
    expect(outcomes.filter(({ status }) => status === 'created')).toHaveLength(2_000);
  });
});
