import { createRequire } from 'node:module';
import { createIORedisClient, ErrorCode, type Job, type JobJson, Queue } from 'bullmq';
import type { Cluster } from 'ioredis';
import { AttemptFailure, attemptBackoff } from '../../../libs/scalr-queue/src/engine/attempt-failure.js';
import { CRASHED } from '../../../libs/scalr-queue/src/engine/failure.js';
import { COMMANDS_OF } from '../../../libs/scalr-queue/src/engine/redis/preflight/redis-commands.js';
import { eventually } from '../../support/eventually.js';
import { connect, startQueue, thrownBy } from './support.js';

/** What BullMQ does without promising it, each entry as docs/engine.md lists it. A failure here says what to mend there. */

interface Script {
  readonly name: string;
  readonly content: string;
  readonly keys: number;
}

const scripts = Object.values(
  createRequire(import.meta.url)('bullmq/dist/cjs/scripts/index.js') as Record<string, Script>,
);

describe('a queue of BullMQ', () => {
  it('notes its version in metaValues, also where there is no queue yet', () => {
    const { version } = createRequire(import.meta.url)('bullmq/package.json') as { version: string };
    expect(Reflect.get(Queue.prototype, 'metaValues', {})).toMatchObject({
      version: expect.stringMatching(new RegExp(`:${version}$`)),
    });
  });

  it('keeps its limits in "meta", and counts its starts in "limiter"', async () => {
    const { queue, connection, startWorker } = startQueue();
    await queue.setGlobalConcurrency(3);
    await queue.setGlobalRateLimit(5, 60_000);
    startWorker(() => Promise.resolve());
    for (const jobId of ['a', 'b']) await queue.add('x', {}, { jobId });
    await eventually(async () => expect(await queue.getJobState('b')).toBe('completed'));
    const limits = await connection.hmget(queue.toKey('meta'), 'concurrency', 'max', 'duration');
    expect(limits).toEqual(['3', '5', '60000']);
    expect(await connection.get(queue.toKey('limiter'))).toBe('2');
    expect(await connection.pttl(queue.toKey('limiter'))).toBeGreaterThan(0);
  });
});

describe('the connections of BullMQ', () => {
  it('are copied with duplicate to block on them, named, and asked for INFO without a callback', async () => {
    const connection = connect();
    const copies: unknown[][] = [];
    const asked: unknown[][] = [];
    const duplicate = connection.duplicate.bind(connection);
    connection.duplicate = (...args) => {
      copies.push(args);
      const copy = duplicate(...args);
      const info = copy.info.bind(copy) as (...given: unknown[]) => Promise<string>;
      copy.info = (...given: unknown[]) => {
        asked.push(given);
        return info(...given);
      };
      return copy;
    };
    await startQueue(connection)
      .startWorker(() => Promise.resolve())
      .waitUntilReady();
    expect(copies).toEqual([[expect.objectContaining({ connectionName: expect.any(String) })]]);
    await eventually(() => expect(asked).toContainEqual([]));
    // The other question is that of ioredis itself.
    expect(asked).toEqual(expect.arrayContaining([[expect.any(Function)], []]));
  });

  it('of a cluster are copied with the name among redisOptions', () => {
    const copies: unknown[][] = [];
    const cluster = {
      isCluster: true,
      options: { redisOptions: {} },
      duplicate: (...args: unknown[]) => {
        copies.push(args);
        return cluster;
      },
    };
    createIORedisClient(cluster as unknown as Cluster).duplicate({ connectionName: 'a name' });
    expect(copies).toEqual([[undefined, { redisOptions: { connectionName: 'a name' } }]]);
  });

  it('are the object that was given, and errors that nobody hears are printed', async () => {
    const { queue, connection } = startQueue();
    expect(queue.opts.connection).toBe(connection);
    await queue.waitUntilReady();
    const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    onTestFinished(() => printed.mockRestore());
    const error = new Error('EVALSHA failed');
    queue.emit('error', error);
    expect(printed).toHaveBeenCalledWith(error);
  });

  it('can be asked for lists through the backend', async () => {
    const { queue, backend, name } = startQueue();
    const client = (await backend.client) as unknown as Record<
      'llen' | 'zcard',
      (key: string) => Promise<number>
    >;
    expect(queue.toKey('wait')).toBe(`bull:${name}:wait`);
    expect(await client.llen(queue.toKey('wait'))).toBe(0);
    expect(await client.zcard(queue.toKey('prioritized'))).toBe(0);
  });
});

describe('the scripts of BullMQ', () => {
  it('are defined on a connection under their names and the version', async () => {
    const connection = connect();
    const defined = new Map<string, { lua: string; numberOfKeys?: number }>();
    const define = connection.defineCommand.bind(connection);
    connection.defineCommand = (name, definition) => {
      defined.set(name, definition);
      define(name, definition);
    };
    await startQueue(connection).queue.waitUntilReady();
    const [name] = [...defined.keys()].filter((one) => one.startsWith('moveToFinished:'));
    expect(defined.get(name!)).toMatchObject({ numberOfKeys: 14, lua: expect.stringContaining('KEYS[12]') });
  });

  it('end a job with its key, id, outcome and prefix in these places', () => {
    const { queue, backend } = startQueue();
    const job = { id: '7', opts: {} } as Job;
    const given = backend.moveToFailedArgs(job, 'broken', false, 'token', false);
    expect(given[11]).toBe(queue.toKey('7'));
    const args = given.slice(14);
    expect([args[0], args[2], args[3], args[6]]).toEqual(['7', 'failedReason', 'broken', queue.toKey('')]);
  });

  it('retry a job with its lists, id and outcome in these places', async () => {
    const { queue, backend } = startQueue();
    const sent: unknown[] = [];
    backend.execCommand = ((_client: unknown, name: string, args: unknown[]) => {
      sent.push(name, ...args);
      return Promise.resolve(1);
    }) as never;
    await backend.retryFinishedJob({ id: '7', opts: {} } as Job, 'failed', { resetAttemptsMade: true });
    const parts = ['7', 'events', 'failed', 'wait', 'meta', 'active', 'marker', 'prioritized', 'pc'];
    const keys = parts.map((part) => queue.toKey(part));
    expect(sent).toEqual(['reprocessJob', ...keys, '7', 'LPUSH', 'failedReason', 'failed', '1', '0']);
    expect(scripts.find(({ name }) => name === 'reprocessJob')).toMatchObject({ keys: 9 });
  });

  it('use no command that a worker is not granted', () => {
    const granted = new Set(COMMANDS_OF.worker.map(({ name }) => name));
    const ours = scripts.filter(({ name }) => !name.startsWith('relay'));
    expect(ours.length).toBeGreaterThan(40);
    const used = ours.flatMap(({ name, content }) =>
      [...content.matchAll(/(?:rcall|redis\.p?call)\(\s*["']([A-Za-z]+)["']/g)].map(([, command = '']) => ({
        name,
        command: command.toLowerCase(),
      })),
    );
    expect(used.length).toBeGreaterThan(200);
    expect(used.filter(({ command }) => !granted.has(command))).toEqual([]);
  });
});

describe('a job of BullMQ', () => {
  it('is added of a record whose payload is JSON already, alone or in a pipeline', async () => {
    const { queue, backend } = startQueue();
    const numbers = { timestamp: 1, progress: 0, attemptsMade: 0, attemptsStarted: 0, stalledCounter: 0 };
    const recordOf = (id: string) =>
      ({ id, name: 'x', data: '{"n":7}', opts: { attempts: 3 }, ...numbers }) as unknown as JobJson;
    const noParent = { parentDependenciesKey: '' };
    await backend.addJob(recordOf('a'), 'a', noParent);
    const pipeline = (await backend.client).pipeline();
    void backend.addJobToTransaction(pipeline, recordOf('b'), 'b', noParent);
    expect(await pipeline.exec()).toEqual([[null, 'b']]);
    for (const id of ['a', 'b'])
      expect(await queue.getJob(id)).toMatchObject({ name: 'x', data: { n: 7 }, opts: { attempts: 3 } });
  });

  it('is put back with nothing known of it but its id, and these codes say that it cannot be', async () => {
    const { queue, backend, startWorker } = startQueue();
    const { id } = await queue.add('x', {}, { attempts: 3 });
    const bare = { id, opts: {} } as Job;
    const retry = (job: Job) =>
      thrownBy(backend.retryFinishedJob(job, 'failed', { resetAttemptsMade: true }));
    expect(await retry(bare)).toMatchObject({ code: ErrorCode.JobNotInState });
    expect(await retry({ id: 'absent', opts: {} } as Job)).toMatchObject({ code: ErrorCode.JobNotExist });
    const worker = startWorker(() =>
      Promise.reject(Object.assign(new Error('x'), { name: 'UnrecoverableError' })),
    );
    await eventually(async () => expect(await queue.getJobState(id!)).toBe('failed'));
    await worker.close();
    expect(await retry(bare)).toBeUndefined();
    expect(await queue.getJob(id!)).toMatchObject({ attemptsMade: 0, opts: { attempts: 3 } });
  });

  it('gives up at once on an error of a certain name, and else asks the strategy with the error itself', async () => {
    const { queue, startWorker } = startQueue();
    const failures = [
      new AttemptFailure('retrying', new Error('again'), 1, 0, 7),
      new AttemptFailure('discarded', new Error('no more'), 2, 0),
    ];
    const asked: unknown[] = [];
    const backoffStrategy: typeof attemptBackoff = (...args) => {
      asked.push(args[2]);
      return attemptBackoff(...args);
    };
    startWorker(() => Promise.reject(failures.shift()!), { settings: { backoffStrategy } });
    const [again] = failures;
    const options = { attempts: 9, backoff: { type: 'custom' } };
    const { id } = await queue.add('x', {}, options);
    await eventually(async () => expect(await queue.getJobState(id!)).toBe('failed'));
    expect(asked).toEqual([again]);
    expect(await queue.getJob(id!)).toMatchObject({
      attemptsMade: 2,
      failedReason: 'discarded Error: no more',
    });
  });

  it('with a failure in "defa" fails without a run, with that text', async () => {
    const { queue, connection, startWorker } = startQueue();
    const { id } = await queue.add('x', {}, { attempts: 3, delay: 200 });
    await connection.hset(queue.toKey(id!), 'defa', 'cancelled by a test');
    const run = vi.fn<() => Promise<void>>(() => Promise.resolve());
    startWorker(run);
    await eventually(async () => expect(await queue.getJobState(id!)).toBe('failed'));
    expect(await queue.getJob(id!)).toMatchObject({ failedReason: 'cancelled by a test' });
    expect(run).not.toHaveBeenCalled();
  });

  it('whose workers crashed too often is marked with this text', async () => {
    const { queue, connection, startWorker } = startQueue();
    const { id } = await queue.add('x', {});
    const worker = startWorker(() => Promise.resolve(), { autorun: false, maxStalledCount: 0 });
    await worker.getNextJob('token');
    await connection.del(`${queue.toKey(id!)}:lock`);
    // The first look marks the job, the second one finds it without its lock.
    for (let look = 0; look < 2; look++) {
      await connection.del(queue.toKey('stalled-check'));
      await worker.getBackend().moveStalledJobsToWait();
    }
    expect(await connection.hget(queue.toKey(id!), 'defa')).toBe(CRASHED);
  });

  it('is reported with these codes where its outcome finds no job, or no lock', async () => {
    const { queue, connection, startWorker } = startQueue();
    const errors: unknown[] = [];
    const worker = startWorker(
      async (job: Job) => {
        await connection.del(`${queue.toKey(job.id!)}:lock`);
        if (job.name === 'removed') await connection.del(queue.toKey(job.id!));
      },
      { stalledInterval: 600_000 },
    );
    worker.on('error', (error) =>
      errors.push({ code: (error as { code?: unknown }).code, message: error.message }),
    );
    const removed = await queue.add('removed', {});
    const unlocked = await queue.add('unlocked', {});
    await eventually(() =>
      expect(errors).toEqual(
        expect.arrayContaining([
          { code: ErrorCode.JobNotExist, message: `Missing key for job ${removed.id}. moveToFinished` },
          { code: ErrorCode.JobLockNotExist, message: `Missing lock for job ${unlocked.id}. moveToFinished` },
        ]),
      ),
    );
  });

  it('that holds a unique key in "de" is followed by the job of "dn" in the step in which it ends', async () => {
    const { queue, connection, startWorker } = startQueue();
    await queue.add('x', {}, { jobId: 'a', deduplication: { id: 'u' } });
    expect(await connection.get(queue.toKey('de:u'))).toBe('a');
    const next = { jid: 'b', name: 'y', data: '{}', opts: '{}' };
    await connection.hset(queue.toKey('dn:u'), next);
    const run = vi.fn<(job: Job) => Promise<unknown>>(() => Promise.resolve(7));
    startWorker(run);
    await eventually(async () => expect(await queue.getJobState('b')).toBe('completed'));
    expect(run.mock.calls.map(([{ id, name }]) => [id, name])).toEqual([
      ['a', 'x'],
      ['b', 'y'],
    ]);
    expect(await connection.exists(queue.toKey('dn:u'))).toBe(0);
  });

  it('leaves its end in the event stream of its queue', async () => {
    const { queue, connection, startWorker } = startQueue();
    startWorker((job: Job) =>
      job.id === 'a' ? Promise.resolve({ n: 7 }) : Promise.reject(new Error('bad')),
    );
    await queue.add('x', {}, { jobId: 'a' });
    await queue.add('x', {}, { jobId: 'b' });
    await eventually(async () => expect(await queue.getJobState('b')).toBe('failed'));
    const entries = await connection.xrange(queue.toKey('events'), '-', '+');
    const ends = entries
      .map(([, flat]) =>
        Object.fromEntries(flat.flatMap((_, at) => (at % 2 ? [] : [[flat[at], flat[at + 1]]]))),
      )
      .filter(({ event }) => event === 'completed' || event === 'failed');
    expect(ends).toMatchObject([
      { event: 'completed', jobId: 'a', returnvalue: '{"n":7}' },
      { event: 'failed', jobId: 'b', failedReason: 'bad' },
    ]);
  });
});
