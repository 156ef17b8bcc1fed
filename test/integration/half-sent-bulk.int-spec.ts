import { setImmediate as turn } from 'node:timers/promises';
import {
  defineJob,
  type EnqueuedJob,
  JobEvents,
  OutcomeUnknownError,
  QueueFullError,
  QueueUnavailableError,
} from 'scalr-queue';
import { z } from 'zod';
import { startProducer, type TestAppOptions, uniqueApp } from '../support/apps.js';
import { AnsweringRedis, type Answer, isScript } from '../support/answering-redis.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';

const Note = defineJob('note', { payload: z.object({ n: z.number() }) });
const SLICE = 125;
const SLICES = 4;
/** Jobs of one call, which fails as one. */
const CALL = 32;
const OOM = "OOM command not allowed when used memory > 'maxmemory'.";

type Failure = Error & { enqueued?: EnqueuedJob[]; jobIds?: string[] };

/** A producer, and the Redis before it whose answers to the script for a job can be chosen by the number in its payload. */
async function start(options: TestAppOptions = {}) {
  const app = uniqueApp();
  const redis = await AnsweringRedis.before(sharedRedisUrl());
  onTestFinished(() => redis[Symbol.asyncDispose]());
  const { queue, jobs, get } = await startProducer({ ...options, app, redis: redis.url });
  const told: string[] = [];
  get(JobEvents).on('enqueued', ({ id }) => void told.push(id));
  const sent: number[] = [];
  const calls: number[][] = [];
  const answer = (rule: (n: number) => Answer | undefined) =>
    redis.answer((args) => {
      if (!isScript(args)) return undefined;
      const numbers = numbersIn(args);
      sent.push(...numbers);
      if (numbers.length > 0) calls.push(numbers);
      return numbers.map(rule).find((one) => one !== undefined);
    });
  answer(() => undefined);
  const errorOf = async (call: Promise<unknown>): Promise<Failure> => {
    const error: unknown = await call.then(
      () => expect.fail('nothing failed'),
      (thrown: unknown) => thrown,
    );
    return error as Failure;
  };
  /** The jobs that went out with one. */
  const besides = (n: number) => calls.find((call) => call.includes(n)) ?? [];
  return { redis, queue, jobs, told, sent, besides, answer, errorOf };
}

/** Those of all the jobs in one call. */
function numbersIn(args: readonly string[]): number[] {
  return args.flatMap((arg) => [...arg.matchAll(/\{"n":(\d+)\}/g)].map(([, n]) => Number(n)));
}

type Item = { n: number } | { payload: { n: number }; options: { id: string } };
const named = (n: number): Item => ({ payload: { n }, options: { id: `note-${n}` } });
const plain = (n: number): Item => ({ n });
const items: [string, (n: number) => Item][] = [
  ['with ids', named],
  ['without', plain],
];
/** Of the jobs of one slice, which is four calls: one in the second call, one in the last, and how many the first and third, and the last have. */
const [refused, lost, through, unknown] = [40, 100, 2 * CALL, SLICE - 3 * CALL];
const NO_MEMORY = 'Redis is out of memory and refuses writes: raise maxmemory, or let the workers drain.';
const list = (count: number) => Array.from({ length: count }, (_, n) => n);
const idsOf = (error: Failure) => error.enqueued?.map(({ id }) => id);

describe('enqueueMany of which Redis takes a part', () => {
  it.each(items)('says which jobs were enqueued, %s', async (_kind, item) => {
    const { queue, jobs, told, answer, errorOf } = await start();
    answer((n) => (n === refused ? { error: OOM } : undefined));
    const error = await errorOf(queue.enqueueMany(Note, list(SLICE).map(item)));
    expect(error).toBeInstanceOf(QueueFullError);
    expect(error.enqueued).toHaveLength(through + unknown);
    expect(error.message).toBe(
      `${NO_MEMORY} ${through + unknown} jobs of this call were enqueued all the same, see error.enqueued.`,
    );
    expect(told.toSorted()).toEqual(idsOf(error)?.toSorted());
    const found = await Promise.all(idsOf(error)!.map((id) => jobs.get(id)));
    expect(new Set(found.map((job) => job?.state))).toEqual(new Set(['waiting']));
  });

  it('says that nothing was enqueued only where nothing was', async () => {
    const { queue, answer, errorOf, told } = await start();
    answer(() => ({ error: OOM }));
    for (const item of [named, plain]) {
      const error = await errorOf(queue.enqueueMany(Note, list(3).map(item)));
      expect(error).toBeInstanceOf(QueueFullError);
      expect(error.message).toBe(`${NO_MEMORY} Nothing was enqueued.`);
      expect(error.enqueued).toEqual([]);
    }
    expect(told).toEqual([]);
  });

  it.each(items)(
    'tells those in doubt from those that are there, and from those that are not, %s',
    async (_kind, item) => {
      const { queue, jobs, answer, errorOf, sent } = await start();
      answer((n) => (n === refused ? { error: OOM } : n === lost ? 'reset heard' : undefined));
      const error = await errorOf(queue.enqueueMany(Note, list(SLICE).map(item)));
      expect(error).toBeInstanceOf(OutcomeUnknownError);
      expect(error.enqueued).toHaveLength(through);
      expect(error.jobIds).toHaveLength(unknown);
      const states = () => Promise.all(idsOf(error)!.map(async (id) => (await jobs.get(id))?.state));
      expect(new Set(await eventually(states))).toEqual(new Set(['waiting']));
      // Neither by us nor by the client is anything sent again.
      expect(sent.toSorted((one, other) => one - other)).toEqual(list(SLICE));
      if (item !== named) return;
      expect(error.jobIds).toEqual(
        list(SLICE)
          .slice(3 * CALL)
          .map((n) => `note-${n}`),
      );
      answer(() => undefined);
      const again = await queue.enqueueMany(Note, list(SLICE).map(item));
      expect(again.map(({ status }) => status)).toEqual(
        list(SLICE).map((n) => (n >= CALL && n < 2 * CALL ? 'created' : 'duplicate')),
      );
    },
  );

  it('is of unknown outcome where any slice is, whatever Redis said of another one', async () => {
    const { queue, answer, errorOf, sent, besides, redis } = await start();
    // The replies come in the order of the jobs, once the first one may.
    answer((n) => {
      if (n === 0) return 'hold';
      if (n === CALL + 2) return { error: OOM };
      return n === SLICE + 1 ? 'reset heard' : undefined;
    });
    const failing = errorOf(queue.enqueueMany(Note, list(2 * SLICE).map(named)));
    await eventually(() => expect(sent).toHaveLength(2 * SLICE));
    redis.release();
    const error = await failing;
    expect(error).toBeInstanceOf(OutcomeUnknownError);
    // The calls from the lost one on.
    const first = besides(SLICE + 1)[0]!;
    const isRefused = (n: number) => besides(CALL + 2).includes(n);
    const ids = (numbers: number[]) => numbers.map((n) => `note-${n}`);
    expect(idsOf(error)).toEqual(ids(list(first).filter((n) => !isRefused(n))));
    expect(error.jobIds).toEqual(ids(list(2 * SLICE).slice(first)));
  });

  it('counts what an earlier slice brought in, sends no more, and takes no more of the source', async () => {
    const { queue, answer, errorOf, sent, besides } = await start();
    answer((n) => (n === SLICE + 3 ? { error: 'NOREPLICAS Not enough good replicas to write.' } : undefined));
    let taken = 0;
    async function* source() {
      for (; taken < 40 * SLICE; taken++) yield named(taken);
    }
    const error = await errorOf(queue.enqueueMany(Note, source()));
    expect(error).toBeInstanceOf(QueueUnavailableError);
    expect(taken).toBeLessThanOrEqual((SLICES + 2) * SLICE);
    expect(sent.length).toBeLessThanOrEqual((SLICES + 2) * SLICE);
    const isRefused = (n: number) => besides(SLICE + 3).includes(n);
    const expected = sent.toSorted((one, other) => one - other).filter((n) => !isRefused(n));
    expect(idsOf(error)).toEqual(expected.map((n) => `note-${n}`));
    expect(error.message).toBe(
      'Redis refuses: too few replicas are connected to the master (NOREPLICAS Not enough good replicas to write.). ' +
        `${expected.length} jobs of this call were enqueued all the same, see error.enqueued.`,
    );
  });

  it.each([
    ['an array', (all: Item[]) => all],
    ['an iterable', (all: Item[]) => all.values()],
  ])(
    'has at most four slices of %s on their way, and ends when all have been answered',
    async (_kind, of) => {
      const { queue, answer, errorOf, sent, redis } = await start();
      await queue.enqueueMany(Note, [{ n: 0 }]);
      sent.length = 0;
      // Replies come in order: the first slice has failed when the others are answered, and no other follows it.
      answer((n) => (n === 0 ? { error: OOM } : 'hold'));
      let isOver = false;
      const failing = errorOf(queue.enqueueMany(Note, of(list(20 * SLICE).map(plain)))).finally(
        () => (isOver = true),
      );
      await eventually(() => expect(sent.length).toBeGreaterThanOrEqual(SLICES * SLICE));
      for (let turns = 0; turns < 20; turns++) await turn();
      expect(sent.length).toBe(SLICES * SLICE);
      expect(isOver).toBe(false);
      redis.release();
      const error = await failing;
      expect(error).toBeInstanceOf(QueueFullError);
      expect(error.enqueued).toHaveLength(SLICES * SLICE - CALL);
      expect(sent.length).toBe(SLICES * SLICE);
    },
  );

  it('tells with a wrong item, and with a source that fails, what was enqueued before', async () => {
    const { queue, errorOf, jobs } = await start();
    const failure = new Error('the cursor was lost');
    async function* wrong() {
      for (let n = 0; n < SLICE; n++) yield named(n);
      yield { n: 'text' } as never;
    }
    function* lost() {
      for (let n = 0; n < SLICE; n++) yield named(1_000 + n);
      throw failure;
    }
    const invalid = await errorOf(queue.enqueueMany(Note, wrong()));
    expect(invalid).toMatchObject({
      code: 'PAYLOAD_INVALID',
      message: expect.stringContaining('item 125 of enqueueMany'),
    });
    expect(idsOf(invalid)).toEqual(list(SLICE).map((n) => `note-${n}`));
    expect(await jobs.get('note-124')).toMatchObject({ state: 'waiting' });
    const thrown = await errorOf(queue.enqueueMany(Note, lost()));
    expect(thrown).toBe(failure);
    expect(idsOf(thrown)).toEqual(list(SLICE).map((n) => `note-${1_000 + n}`));
  });

  it('rejects with what the source threw, also where nothing can be added to that', async () => {
    const { queue, errorOf } = await start();
    for (const thrown of [Object.freeze(new Error('frozen')), { code: 1 }, 'text', undefined]) {
      function* source() {
        yield named(1);
        throw thrown;
      }
      const before = structuredClone(thrown);
      expect(await errorOf(queue.enqueueMany(Note, source()))).toBe(thrown);
      expect(thrown).toEqual(before);
    }
  });
});

describe('enqueue of which Redis refuses the script', () => {
  it('is never called created', async () => {
    const { queue, answer, told, jobs } = await start();
    answer(() => ({ error: OOM }));
    const calls = [
      queue.enqueue(Note, { n: 1 }, { id: 'plain' }),
      queue.enqueue(Note, { n: 2 }),
      queue.enqueue(Note, { n: 3 }, { unique: true }),
      queue.enqueue(Note, { n: 4 }, { delay: '1h' }),
      queue.enqueue(Note, { n: 5 }, { priority: 3 }),
    ];
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.map(({ status }) => status)).toEqual(calls.map(() => 'rejected'));
    expect(told).toEqual([]);
    expect(await jobs.get('plain')).toBeUndefined();
  });
});

describe('enqueue whose connection breaks', () => {
  it('is of unknown outcome once the job was sent', async () => {
    const { queue, jobs, answer, errorOf } = await start();
    // Redis knows the script then, and need not ask for it.
    await queue.enqueue(Note, { n: 0 });
    answer(() => 'reset heard');
    const error = await errorOf(queue.enqueue(Note, { n: 1 }, { id: 'sent' }));
    expect(error).toBeInstanceOf(OutcomeUnknownError);
    expect(error).toMatchObject({ jobIds: ['sent'], outcome: 'unknown' });
    await eventually(async () => expect(await jobs.get('sent')).toMatchObject({ state: 'waiting' }));
  });

  it.each([
    ['the size of its queue is', 'llen', {}],
    ['its former queues are', 'hkeys', { unique: true }],
  ])('is safe to repeat before that, while %s read', async (_what, read, more) => {
    const { queue, jobs, redis, errorOf } = await start({ queues: { default: { maxBacklog: 100 } } });
    redis.answer(([name]) => (name === read ? 'reset heard' : undefined));
    const error = await errorOf(queue.enqueue(Note, { n: 1 }, { ...more, id: 'not-sent' }));
    expect(error).toBeInstanceOf(QueueUnavailableError);
    expect(error).toMatchObject({ outcome: 'not-enqueued' });
    redis.answer();
    await eventually(async () => expect(await jobs.get('not-sent')).toBeUndefined());
  });
});
