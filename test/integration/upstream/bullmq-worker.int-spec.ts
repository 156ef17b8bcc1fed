import { type Job, type JobJson, type RedisQueueBackend, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { disconnectQuietly } from '../../../libs/scalr-queue/src/engine/redis/worker/quiet-disconnect.js';
import { eventually } from '../../support/eventually.js';
import { startQueue } from './support.js';

/** What our worker takes over from that of BullMQ, each entry as docs/engine.md lists it. */

type Call = [method: string, ...args: unknown[]];

/** Notes each call of what our worker overrides. */
class Watched extends Worker {
  readonly calls: Call[] = [];
  lost: string[] = [];
  timeout = 0.2;

  get locks() {
    return this.lockManager;
  }

  get inner(): RedisQueueBackend {
    return this.backend;
  }

  override get maximumBlockTimeout(): number {
    this.calls.push(['maximumBlockTimeout']);
    return this.timeout;
  }

  override extendJobLocks(ids: string[], tokens: string[], duration: number) {
    this.calls.push(['extendJobLocks', ids, tokens, duration]);
    return Promise.resolve(this.lost);
  }

  protected override createJob(stored: JobJson, id: string) {
    this.calls.push(['createJob', id]);
    return super.createJob(stored, id);
  }

  protected override moveToActive(token: string, name?: string) {
    this.calls.push(['moveToActive', token]);
    return super.moveToActive(token, name);
  }

  protected override handleCompleted(...args: Parameters<Worker['handleCompleted']>) {
    const [result, job, token] = args;
    this.calls.push(['handleCompleted', result, job.id, token, this.locks.getActiveJobCount()]);
    return super.handleCompleted(...args);
  }

  protected override handleFailed(...args: Parameters<Worker['handleFailed']>) {
    const [error, job, token] = args;
    this.calls.push(['handleFailed', error.message, job.id, token, this.locks.getActiveJobCount()]);
    return super.handleFailed(...args);
  }
}

const anyToken = expect.any(String) as string;

describe('the worker of BullMQ', () => {
  it('takes, makes and ends its jobs through methods that can be overridden', async () => {
    const { queue, startWorker } = startQueue();
    const run = (job: Job) => (job.name === 'good' ? Promise.resolve(7) : Promise.reject(new Error('bad')));
    await queue.add('good', {}, { jobId: 'a' });
    await queue.add('bad', {}, { jobId: 'b' });
    await queue.add('good', {}, { jobId: 'c', delay: 3_600_000 });
    const worker = startWorker(run, {}, Watched);
    await eventually(async () => expect(await queue.getJobState('b')).toBe('failed'));
    await eventually(() => expect(worker.calls).toContainEqual(['maximumBlockTimeout']));
    expect(worker.calls).toEqual(
      expect.arrayContaining([
        ['moveToActive', anyToken],
        ['createJob', 'a'],
        // Its lock is let go before the outcome is written.
        ['handleCompleted', 7, 'a', anyToken, 0],
        ['createJob', 'b'],
        ['handleFailed', 'bad', 'b', anyToken, 0],
      ]),
    );
  });

  it('renews locks through a method that names the lost ones, and of every job that is tracked', async () => {
    const { queue, startWorker } = startQueue();
    let end = () => {};
    const run = () => new Promise<void>((resolve) => (end = resolve));
    const worker = startWorker(run, { lockDuration: 30_000, lockRenewTime: 20 }, Watched);
    const failed: string[][] = [];
    const errors: string[] = [];
    worker.on('lockRenewalFailed', (ids) => failed.push(ids));
    worker.on('error', ({ message }) => errors.push(message));
    await queue.add('x', {}, { jobId: 'a' });
    await eventually(() =>
      expect(worker.calls).toContainEqual(['extendJobLocks', ['a'], [anyToken], 30_000]),
    );
    worker.lost = ['a'];
    await eventually(() => expect(failed).toContainEqual(['a']));
    expect(errors).toContain('could not renew lock for job a');
    worker.lost = [];
    worker.locks.trackJob('b', 'its token', Date.now());
    await eventually(() =>
      expect(worker.calls).toContainEqual(['extendJobLocks', ['a', 'b'], [anyToken, 'its token'], 30_000]),
    );
    worker.locks.untrackJob('b');
    expect(worker.locks.getActiveJobCount()).toBe(1);
    end();
    await eventually(async () => expect(await queue.getJobState('a')).toBe('completed'));
  });

  it.each([
    ['two', (_job: Job, _token?: string) => Promise.resolve(), 2],
    ['three', (_job: Job, _token?: string, _signal?: AbortSignal) => Promise.resolve(), 3],
  ])('hands over a signal only to a function of three parameters: %s', async (_what, like, length) => {
    const { queue, startWorker } = startQueue();
    const given: unknown[][] = [];
    const run = (...args: unknown[]) => {
      given.push(args);
      return Promise.resolve();
    };
    Object.defineProperty(run, 'length', { value: like.length });
    startWorker(run);
    await queue.add('x', {});
    await eventually(() => expect(given).toHaveLength(1));
    expect(given[0]![2]).toEqual(length === 3 ? expect.any(AbortSignal) : undefined);
  });

  it('asks again at once when a fetch fails', async () => {
    const { startWorker } = startQueue();
    class Refused extends Watched {
      protected override moveToActive(token: string): Promise<Job> {
        this.calls.push(['moveToActive', token]);
        // It leaves nobody else a turn.
        return this.calls.length > 1_000 ? new Promise(() => {}) : Promise.reject(new Error('ERR no'));
      }
    }
    const { calls } = startWorker(() => Promise.resolve(), {}, Refused);
    await eventually(() => expect(calls.length).toBeGreaterThan(1_000));
  });
});

describe('the backend of BullMQ', () => {
  it('sends every script through execCommand, and the replies of these hold the next job', async () => {
    const { queue, startWorker } = startQueue();
    const worker = startWorker((job: Job) => Promise.resolve(job.name), { autorun: false }, Watched);
    const replies: [command: string, reply: unknown][] = [];
    const { inner } = worker;
    const send = inner.execCommand.bind(inner);
    inner.execCommand = (client, command, args) => {
      const reply: unknown = send(client, command, args);
      if (reply instanceof Promise)
        reply.then(
          (answer: unknown) => replies.push([command, answer]),
          () => {},
        );
      return reply;
    };
    const ends: { id?: string; token: string; end: unknown }[] = [];
    const complete = inner.moveToCompleted.bind(inner);
    inner.moveToCompleted = async (...args) => {
      const end = await complete(...args);
      ends.push({ id: args[0].id, token: args[3], end });
      return end;
    };
    await queue.add('first', {}, { jobId: 'a' });
    await queue.add('second', {}, { jobId: 'b' });
    worker.run().catch(() => undefined);
    await eventually(async () => expect(await queue.getJobState('b')).toBe('completed'));
    const fields = (id: string, name: string) => [
      expect.arrayContaining(['name', name, 'data', '{}']),
      id,
      expect.anything(),
      expect.anything(),
    ];
    expect(replies).toContainEqual(['moveToActive', fields('a', 'first')]);
    expect(replies).toContainEqual(['moveToFinished', fields('b', 'second')]);
    expect(ends[0]).toMatchObject({ id: 'a', token: anyToken, end: { finishedOn: expect.any(Number) } });
    expect(Array.isArray((ends[0]!.end as { result: unknown }).result)).toBe(true);
    for (const key of ['', 'active', 'failed', 'events', 'stalled', 'marker'])
      expect(inner.keys[key]).toBe(queue.toKey(key));
  });

  it('takes an end without a next job for one, also when it is made up', async () => {
    const { queue, startWorker } = startQueue();
    const worker = startWorker(() => Promise.resolve(), { autorun: false }, Watched);
    const { inner } = worker;
    let made = 0;
    inner.moveToCompleted = () => {
      made++;
      return Promise.resolve({ result: [], finishedOn: 7 }) as never;
    };
    const completed: (number | undefined)[] = [];
    worker.on('completed', (job) => completed.push(job.finishedOn));
    worker.run().catch(() => undefined);
    await queue.add('x', {});
    await eventually(() => expect(completed).toEqual([7]));
    // It goes on to fetch.
    await queue.add('y', {});
    await eventually(() => expect(completed).toEqual([7, 7]));
    expect(made).toBe(2);
  });

  it.each([
    ['it is heard of', false],
    ['it is kept from it, for which it waits', true],
  ])(
    'closes under a running job when its blocking connection ends with an error: %s',
    async (_what, isQuiet) => {
      const { queue, startWorker } = startQueue();
      let finish = (): void => undefined;
      const running = new Promise<void>((resolve) => (finish = resolve));
      await queue.add('slow', {}, { jobId: 'a' });
      const worker = startWorker(() => running, {}, Watched);
      await eventually(async () => expect(await queue.getJobState('a')).toBe('active'));
      if (isQuiet) disconnectQuietly(worker.inner);
      const waiting = await blockingClientOf(worker.inner);
      const disconnect = waiting.disconnect.bind(waiting);
      waiting.disconnect = (...args) => {
        waiting.emit('error', new Error('connect ECONNREFUSED'));
        disconnect(...args);
      };
      let isClosed = false;
      const closed = worker.close().then(() => (isClosed = true));
      if (!isQuiet) await closed;
      else await eventually(() => expect(waiting.status).toBe('end'));
      expect(isClosed).toBe(!isQuiet);
      finish();
      await closed;
      const state = isQuiet ? 'completed' : 'active';
      expect(await queue.getJobState('a')).toBe(state);
    },
  );
});

function blockingClientOf(backend: RedisQueueBackend): Promise<Redis> {
  const { blockingConnection } = backend as unknown as { blockingConnection: { client: Promise<Redis> } };
  return blockingConnection.client;
}
