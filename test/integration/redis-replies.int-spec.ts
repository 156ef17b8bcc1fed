import { Redis } from 'ioredis';
import { createHash } from 'node:crypto';
import { defineJob, OutcomeUnknownError, QueueFullError, QueueUnavailableError } from 'scalr-queue';
import { startProducer, uniqueApp } from '../support/apps.js';
import { AnsweringRedis, isScript } from '../support/answering-redis.js';
import { eventually } from '../support/eventually.js';
import { RedisServer, sharedRedisUrl } from '../support/redis.js';

const Note = defineJob<{ n: number }>('note');
type Producer = Awaited<ReturnType<typeof startProducer>>;
type ErrorType = abstract new (...args: never[]) => Error;

let calls = 0;

/** Every way to enqueue: plain, with an id, and many of both; with the ids of what is to be enqueued where they are known. */
function everyWay({ queue }: Producer): { ids: string[]; outcomes: Promise<unknown[]> } {
  const id = (): string => `call-${calls++}`;
  const [one, other] = [id(), id()];
  const all = [
    queue.enqueue(Note, { n: 1 }),
    queue.enqueue(Note, { n: 2 }, { id: one }),
    queue.enqueueMany(Note, [{ n: 3 }, { n: 4 }]),
    queue.enqueueMany(Note, [{ payload: { n: 5 }, options: { id: other } }]),
  ];
  const outcomes = Promise.all(all.map((call) => call.catch((error: unknown) => error)));
  return { ids: [one, other], outcomes };
}

async function expectEach(producer: Producer, type: ErrorType, text: RegExp | string) {
  const { ids, outcomes } = everyWay(producer);
  for (const outcome of await outcomes) {
    expect(outcome).toBeInstanceOf(type);
    const { message, enqueued, cause } = outcome as Error & { enqueued: unknown };
    expect(message).toMatch(text);
    expect(enqueued).toEqual([]);
    expect(cause).not.toHaveProperty('command');
  }
  return ids;
}

describe('a reply of Redis to an enqueue', () => {
  const app = uniqueApp();
  const ends: (() => Promise<void>)[] = [];
  let front: AnsweringRedis;
  let producer: Producer;
  let redis: Redis;
  const stored = async () => redis.llen(`scalr:{${app}}:default:wait`);

  beforeAll(async () => {
    redis = new Redis(sharedRedisUrl());
    front = await AnsweringRedis.before(sharedRedisUrl());
    producer = await startProducer({ app, redis: front.url }, { atEnd: (work) => void ends.push(work) });
    await producer.queue.enqueue(Note, { n: 0 });
  });

  afterAll(async () => {
    for (const end of ends) await end();
    await front[Symbol.asyncDispose]();
    redis.disconnect();
  });

  afterEach(() => front.answer());

  it.each<[string, ErrorType, string]>([
    ['LOADING Redis is loading the dataset in memory', QueueUnavailableError, 'it is loading its data'],
    ["MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", QueueUnavailableError, 'has lost its master'],
    ['MISCONF Errors writing to the AOF file: No space left on device', QueueUnavailableError, 'cannot save to disk'],
    ['NOREPLICAS Not enough good replicas to write.', QueueUnavailableError, 'too few replicas'],
    ["READONLY You can't write against a read only replica.", QueueUnavailableError, 'a replica, which takes no writes'],
    ['BUSY Redis is busy running a script.', QueueUnavailableError, 'a script has been running for too long'],
    ['NOAUTH Authentication required.', QueueUnavailableError, 'asks for a password'],
    ['WRONGPASS invalid username-password pair or user is disabled.', QueueUnavailableError, 'refuses the user or the password'],
    ["NOPERM this user has no permissions to run the 'evalsha' command", QueueUnavailableError, 'may not use EVALSHA. Grant it'],
    ['DENIED Redis is running in protected mode', QueueUnavailableError, 'protected mode'],
    ['EXECABORT Transaction discarded because of previous errors.', QueueUnavailableError, 'discarded the transaction'],
    ['CLUSTERDOWN Hash slot not served', QueueUnavailableError, 'does not serve the slot'],
    ['TRYAGAIN Multiple keys request during rehashing of slot', QueueUnavailableError, 'is being moved'],
    ['MOVED 3999 127.0.0.1:6381', QueueUnavailableError, 'has moved'],
    ['ASK 3999 127.0.0.1:6381', QueueUnavailableError, 'is being moved'],
    ["CROSSSLOT Keys in request don't hash to the same slot", QueueUnavailableError, 'different slots'],
    ["OOM command not allowed when used memory > 'maxmemory'.", QueueFullError, 'raise maxmemory'],
    ["NOPERM this user has no permissions to run the 'xadd' command script: 9f2, on @user_script:53.", OutcomeUnknownError, 'may not use XADD'],
    ['ERR Error running script (call to f_9f2): @user_script:9: attempt to index a nil value', OutcomeUnknownError, 'no answer from Redis'],
    ['WRONGTYPE Operation against a key holding the wrong kind of value', OutcomeUnknownError, 'no answer from Redis'],
    ['SOMETHING that nobody has heard of', OutcomeUnknownError, 'no answer from Redis'],
  ])('%s', async (error, type, text) => {
    front.answer((args) => (isScript(args) ? { error } : undefined));
    const before = await stored();
    await expectEach(producer, type, text);
    expect(await stored()).toBe(before);
    front.answer();
    const again = await everyWay(producer).outcomes;
    expect(again.filter((outcome) => outcome instanceof Error)).toEqual([]);
    expect(await stored()).toBe(before + 5);
  }); // prettier-ignore

  it('NOSCRIPT: the text is sent, and the job is created', async () => {
    const error = 'NOSCRIPT No matching script. Please use EVAL.';
    const known = new Set<string>();
    front.answer(([name = '', script = '']) => {
      if (/^eval$/i.test(name)) known.add(createHash('sha1').update(script).digest('hex'));
      return /^evalsha$/i.test(name) && !known.has(script) ? { error } : undefined;
    });
    const outcomes = (await everyWay(producer).outcomes).flat();
    expect(outcomes.map((outcome) => (outcome as { status?: string }).status)).toEqual(
      Array.from({ length: 5 }, () => 'created'),
    );
  });

  it('none in time: the outcome is unknown, and nothing is sent again', async () => {
    front.answer((args) => (isScript(args) ? 'hold' : undefined));
    const [before, seen] = [await stored(), front.commands.filter(isScript).length];
    const started = performance.now();
    const ids = await expectEach(producer, OutcomeUnknownError, 'no answer from Redis for');
    expect(performance.now() - started).toBeGreaterThan(900);
    front.answer();
    front.release();
    await producer.queue.enqueue(Note, { n: 6 });
    // Redis had heard of each, once; those of one turn are one call.
    const sent = front.commands
      .filter(isScript)
      .slice(seen)
      .flat()
      .join(' ')
      .match(/\{"n":\d\}/g);
    expect(sent?.toSorted()).toEqual([1, 2, 3, 4, 5, 6].map((n) => `{"n":${n}}`));
    expect(await stored()).toBe(before + 6);
    expect(await producer.queue.enqueue(Note, { n: 5 }, { id: ids[1]! })).toMatchObject({
      status: 'duplicate',
    });
  });

  it.each([
    ['reset heard', 'duplicate'],
    ['reset unheard', 'created'],
  ] as const)(
    '%s: the outcome is unknown, nothing is sent again, and the same id makes one job',
    async (what, status) => {
      const before = await stored();
      for (const way of [
        (id: string) => producer.queue.enqueue(Note, { n: 7 }, { id }),
        (id: string) => producer.queue.enqueueMany(Note, [{ payload: { n: 7 }, options: { id } }]),
      ]) {
        const id = `call-${calls++}`;
        const sends = () => front.commands.filter((args) => isScript(args) && args.includes(id)).length;
        front.answer((args) => (isScript(args) && args.some((arg) => arg.includes(id)) ? what : undefined));
        const error = await way(id).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(OutcomeUnknownError);
        expect(error).toMatchObject({ jobId: id, jobIds: [id] });
        // Said when the connection closed, not when the time was over.
        expect(String((error as Error).cause)).not.toMatch(/timed out|in time/);
        // The connection is back, and with it whatever would be sent again.
        await producer.queue.enqueue(Note, { n: 8 });
        expect(sends()).toBeLessThanOrEqual(1);
        front.answer();
        expect(await producer.queue.enqueue(Note, { n: 7 }, { id })).toMatchObject({ id, status });
      }
      expect(await stored()).toBe(before + 4);
    },
  );

  it('a reset before anything is sent: the call waits for the next connection', async () => {
    const { connections } = front;
    front.cut();
    // The client hears of it in the next turns of the event loop.
    for (let turns = 0; turns < 10; turns++) await new Promise(setImmediate);
    const outcomes = await everyWay(producer).outcomes;
    expect(outcomes.filter((outcome) => outcome instanceof Error)).toEqual([]);
    expect(front.connections).toBe(connections + 1);
  });
});

describe('a Redis that refuses', () => {
  it('is told as what it is, by every way to enqueue, and taken again when it is well', async () => {
    const app = uniqueApp();
    const acl = [`user app on nopass ~* &* +@all`, 'user default on nopass ~* &* +@all'];
    await using redis = await RedisServer.start({ acl, args: ['--enable-protected-configs', 'yes'] });
    const producer = await startProducer({ app, redis: redis.url.replace('redis://', 'redis://app:x@') });
    const stored = () => redis.cli('LLEN', `scalr:{${app}}:default:wait`);
    const works = () => eventually(() => producer.queue.enqueue(Note, { n: 0 }));
    const config = (...args: string[]) => redis.cli('CONFIG', 'SET', ...args);
    const state = async (
      set: () => Promise<unknown>,
      unset: () => Promise<unknown>,
      expected: () => Promise<unknown>,
    ) => {
      await works();
      const before = await stored();
      await set();
      await expected();
      await unset();
      expect(await stored()).toBe(before);
      await works();
    };
    const refused = (text: RegExp, type: ErrorType = QueueUnavailableError) =>
      expectEach(producer, type, text);

    await state(
      () => config('maxmemory', '1'),
      () => config('maxmemory', '0'),
      () => refused(/out of memory/, QueueFullError),
    );
    await state(
      () => config('min-replicas-to-write', '1'),
      () => config('min-replicas-to-write', '0'),
      async () => {
        await refused(/too few replicas/);
        // Each gives its place back: more of them than there are places.
        for (let wave = 0; wave < 3; wave++) {
          const many = Array.from({ length: 1_000 }, () => producer.queue.enqueue(Note, { n: 9 }));
          for (const { reason } of (await Promise.allSettled(many)) as PromiseRejectedResult[])
            expect(String(reason)).toMatch(/too few replicas/);
        }
      },
    );
    await state(
      () => redis.cli('ACL', 'SETUSER', 'app', '-eval', '-evalsha'),
      () => redis.cli('ACL', 'SETUSER', 'app', '+eval', '+evalsha'),
      () => refused(/may not use EVAL(SHA)?/),
    );
    await state(
      async () => {
        await config('dir', '/proc');
        await config('save', '3600 1');
        await redis.cli('BGSAVE').catch(() => undefined);
        await eventually(async () =>
          expect(await redis.cli('INFO', 'persistence')).toContain('rdb_last_bgsave_status:err'),
        );
      },
      async () => {
        await config('dir', redis.dir);
        await config('save', '');
      },
      () => refused(/cannot save to disk/),
    );
    let endless: Promise<unknown>;
    await state(
      async () => {
        await config('busy-reply-threshold', '1');
        endless = redis.cli('EVAL', 'while true do end', '0').catch(() => undefined);
        await eventually(() =>
          redis.cli('PING').then(
            () => false,
            (error: unknown) => /BUSY/.test(String(error)),
          ),
        );
      },
      async () => {
        await redis.cli('SCRIPT', 'KILL');
        await endless;
      },
      () => refused(/a script has been running for too long/),
    );
    await state(
      () => redis.cli('REPLICAOF', '127.0.0.1', '1'),
      () => redis.cli('REPLICAOF', 'NO', 'ONE'),
      () =>
        expect(producer.queue.enqueue(Note, { n: 9 })).rejects.toThrow(/is a replica, which takes no writes/),
    );
  });
});
