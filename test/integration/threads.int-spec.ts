import { Injectable } from '@nestjs/common';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineJob, ProcessJob } from 'scalr-queue';
import { startBoth, startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { pretendCores } from '../support/cores.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';

// The threads run JavaScript and so the built library: `nest build scalr-queue` first, as `npm test` does.

interface Act {
  act: string;
  [more: string]: unknown;
}

const Act = defineJob<Act>('act', { retry: { attempts: 2, delay: 10 } });
const Light = defineJob<void, string>('light');
const thread = new URL('./threads/act.mjs', import.meta.url);

@Injectable()
class Acts {
  @ProcessJob(Act, { thread })
  act(): void {}

  @ProcessJob(Light)
  light() {
    return 'ran';
  }
}

const THREADS = 2;
pretendCores(THREADS);

let folder: string;
const inFolder = (name: string) => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scalr-threads-'));
});

afterEach(() => rmSync(folder, { recursive: true, maxRetries: 5 }));

describe('a job in a thread', () => {
  it('computes while the process answers health checks and runs other jobs, and can be cancelled', async () => {
    const { worker, queue, jobs } = await startBoth({ providers: [Acts] });
    const busy = await queue.enqueue(Act, { act: 'spin' });
    await eventually(async () => expect((await jobs.get(busy.id))?.progress).toBe(1));

    const times: number[] = [];
    for (let call = 0; call < 20; call++) {
      const started = performance.now();
      expect((await fetch(`${worker.url}/health/live`)).status).toBe(200);
      times.push(performance.now() - started);
    }
    console.log(`/health/live beside a busy thread: at most ${Math.max(...times).toFixed(1)} ms of 20 calls`);
    expect(Math.max(...times)).toBeLessThan(6_000);
    expect(await jobs.waitFor(await queue.enqueue(Light), { timeout: '5s' })).toBe('ran');
    expect(await jobs.get(busy.id)).toMatchObject({ state: 'running' });

    await jobs.cancel(busy.id);
    await eventually(async () =>
      expect(await jobs.get(busy.id)).toMatchObject({ state: 'dead', reason: 'cancelled' }),
    );
  });

  it('runs beside another one', async () => {
    const { queue, jobs } = await startBoth({ providers: [Acts] });
    const [left, right] = [inFolder('left'), inFolder('right')];
    const threads = await Promise.all(
      [
        { act: 'meet', mine: left, other: right },
        { act: 'meet', mine: right, other: left },
      ].map(async (payload) => jobs.waitFor(await queue.enqueue(Act, payload), { timeout: '20s' })),
    );
    expect(new Set(threads).size).toBe(2);
  });

  it('has its whole timeout also when it waits for a thread', async () => {
    const count = 2 * THREADS;
    const { queue, jobs } = await startBoth({ providers: [Acts], worker: { concurrency: count } });
    const enqueued = await Promise.all(
      Array.from({ length: count }, () =>
        // One after another they would be late; the rest is for a crowded machine.
        queue.enqueue(Act, { act: 'compute', ms: 3_000 }, { timeout: '5s', retry: false }),
      ),
    );
    await Promise.all(
      enqueued.map(async (job) => expect(await jobs.waitFor(job, { timeout: '30s' })).toBe(true)),
    );
  });

  it('is killed by its timeout, even in an endless loop, and the slot is free', async () => {
    const { queue, jobs } = await startBoth({ providers: [Acts], worker: { concurrency: 1 } });
    const beat = inFolder('beat');
    const endless = await queue.enqueue(Act, { act: 'spin', beat }, { timeout: '1s', retry: false });
    const next = await queue.enqueue(Act, { act: 'compute', ms: 1 });
    await eventually(() => expect(existsSync(beat)).toBe(true));
    expect(await jobs.waitFor(next, { timeout: '10s' })).toBe(true);
    expect(await jobs.get(endless.id)).toMatchObject({ state: 'dead', error: { code: 'JOB_TIMEOUT' } });
    let size = 0;
    await eventually(
      () => {
        const before = size;
        ({ size } = statSync(beat));
        expect(size).toBe(before);
      },
      { interval: 100 },
    );
  });

  it('sees its signal abort and may end by itself', async () => {
    const { queue, jobs } = await startBoth({ providers: [Acts] });
    const file = inFolder('reason');
    const job = await queue.enqueue(Act, { act: 'heed', file });
    await eventually(async () => expect((await jobs.get(job.id))?.progress).toBe(1));
    await jobs.cancel(job.id);
    await eventually(() => expect(readFileSync(file, 'utf8')).toBe('JobCancelledError'));
  });

  it('hands what it gives to the method, whose result counts', async () => {
    @Injectable()
    class Store {
      put = (bytes: Uint8Array) => ({ kind: bytes.constructor.name, size: bytes.byteLength });
    }

    @Injectable()
    class Storing {
      constructor(private readonly store: Store) {}

      @ProcessJob(Act, { thread })
      async act(bytes: Uint8Array) {
        return this.store.put(bytes);
      }
    }
    Reflect.defineMetadata('design:paramtypes', [Store], Storing);
    const { queue, jobs } = await startBoth({ providers: [Store, Storing] });
    const job = await queue.enqueue(Act, { act: 'bytes' });
    expect(await jobs.waitFor(job, { timeout: '10s' })).toEqual({ kind: 'Uint8Array', size: 3 });
  });
});

describe('between the threads', () => {
  it('facts, progress, log lines and the result cross, also those that nobody waits for', async () => {
    const { queue, jobs } = await startBoth({ providers: [Acts] });
    const job = await queue.enqueue(Act, { act: 'tell' });
    expect(await jobs.waitFor(job, { timeout: '10s' })).toEqual([job.id, 'act', 'default', 1, 2, true]);
    expect((await jobs.get(job.id))?.progress).toEqual({ step: 2 });
  });

  it('errors cross with name, message, code and stack', async () => {
    const seen: Error[] = [];
    const Judged = defineJob<Act>('act', { retry: (_attempt, error) => (seen.push(error), false) });

    @Injectable()
    class Judge {
      @ProcessJob(Judged, { thread })
      act() {}
    }
    const { queue, jobs } = await startBoth({ providers: [Judge] });
    const job = await queue.enqueue(Judged, { act: 'fail' });
    await eventually(async () =>
      expect(await jobs.get(job.id)).toMatchObject({
        state: 'dead',
        error: { name: 'TypeError', message: 'no good', code: 'E_GOOD' },
      }),
    );
    expect(seen[0]?.stack).toContain('act.mjs');
  });

  it('Discard, RetryLater and Snooze cross', async () => {
    const { queue, jobs } = await startBoth({ providers: [Acts] });
    const discarded = await queue.enqueue(Act, { act: 'discard' });
    await eventually(async () =>
      expect(await jobs.get(discarded.id)).toMatchObject({
        state: 'dead',
        reason: 'discarded',
        attempt: 1,
        error: { message: 'never' },
      }),
    );
    const again = await queue.enqueue(Act, { act: 'retryLater' }, { retry: { attempts: 2, delay: '1h' } });
    expect(await jobs.waitFor(again, { timeout: '10s' })).toBe(2);
    const snoozed = await queue.enqueue(Act, { act: 'snooze', file: inFolder('snoozed') });
    expect(await jobs.waitFor(snoozed, { timeout: '10s' })).toBe(1);
  });

  it.each<Act>([
    { act: 'progress', kind: 'map' },
    { act: 'progress', kind: 'large' },
    { act: 'bytes' },
    { act: 'uncloneable' },
  ])('%j completes the job after one run', async (payload) => {
    const { queue, jobs } = await startBoth({ providers: [Acts] });
    const job = await queue.enqueue(Act, payload);
    await jobs.waitFor(job, { timeout: '10s' });
    expect(await jobs.get(job.id)).toMatchObject({ state: 'completed', attempt: 1 });
  });
});

describe('a thread that dies', () => {
  it('fails the attempt, not the process, and the next attempt runs', async () => {
    const { worker, queue, jobs } = await startBoth({ providers: [Acts] });
    const crash = await queue.enqueue(Act, { act: 'exit' }, { retry: false });
    const retried = await queue.enqueue(Act, { act: 'exit' });
    const uncaught = await queue.enqueue(Act, { act: 'uncaught' }, { retry: false });
    expect(await jobs.waitFor(retried, { timeout: '10s' })).toBe('survived');
    await eventually(async () =>
      expect((await jobs.get(crash.id))?.error).toEqual({
        name: 'JobThreadError',
        message: 'the thread of Acts.act failed: Error: worker exited with code: 3',
        code: 'JOB_THREAD',
      }),
    );
    await eventually(async () =>
      expect((await jobs.get(uncaught.id))?.error?.message).toBe(
        'the thread of Acts.act failed: SyntaxError: out of the blue',
      ),
    );
    expect((await fetch(`${worker.url}/health/live`)).status).toBe(200);
  });

  it('does no harm when it runs no job any more', async () => {
    const { queue, jobs } = await startBoth({ providers: [Acts] });
    const file = inFolder('crashed');
    const first = await queue.enqueue(Act, { act: 'lateCrash', file });
    expect(await jobs.waitFor(first, { timeout: '10s' })).toBe('done');
    await eventually(() => expect(existsSync(file)).toBe(true));
    const second = await queue.enqueue(Act, { act: 'compute', ms: 1 });
    expect(await jobs.waitFor(second, { timeout: '10s' })).toBe(true);
  });
});

describe('a wrong thread file', () => {
  const handlerOf = (file: string) => {
    @Injectable()
    class Wrong {
      @ProcessJob(Act, { thread: new URL(`./threads/${file}`, import.meta.url) })
      act() {}
    }
    return Wrong;
  };

  it('that does not exist stops the boot, and handler and file are named', async () => {
    await expect(startWorker({ providers: [handlerOf('none.mjs')] })).rejects.toThrow(
      expect.objectContaining({
        name: 'QueueConfigError',
        message: expect.stringMatching(/the thread file of Wrong\.act does not exist: .*none\.mjs/) as string,
      }) as Error,
    );
  });

  it.each([
    ['plain-function.mjs', 'the thread file is not made by threadHandler()'],
    ['broken.mjs', "Cannot find module '"],
    ['other-job.mjs', 'this thread file handles "other", not "act"'],
  ])('%s fails the attempt: %s', async (file, text) => {
    const { queue, jobs } = await startBoth({ providers: [handlerOf(file)] });
    const job = await queue.enqueue(Act, { act: 'none' }, { retry: false });
    await eventually(async () => expect((await jobs.get(job.id))?.state).toBe('dead'));
    expect((await jobs.get(job.id))?.error?.message).toContain(text);
  });

  it('that is no file URL is refused where it is written', () => {
    expect(() => ProcessJob(Act, { thread: './act.mjs' as never })).toThrow(
      /^expected thread to be a file URL such as new URL\(.*, got: "\.\/act\.mjs"$/,
    );
    expect(() => ProcessJob(Act, { tread: thread } as never)).toThrow('did you mean "thread"?');
  });
});

describe('shutting down', () => {
  it('with an endless thread hands its job back in time, and nothing keeps the process alive', async () => {
    const app = uniqueApp();
    const { queue, jobs } = await startProducer({ app });
    const child = fork(new URL('children/thread-worker.mjs', import.meta.url), [sharedRedisUrl(), app]);
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child, 'message');
    const done = await queue.enqueue(Act, { act: 'compute', ms: 1 });
    const endless = await queue.enqueue(Act, { act: 'spin' });
    expect(await jobs.waitFor(done, { timeout: '10s' })).toBe(true);
    await eventually(async () => expect((await jobs.get(endless.id))?.progress).toBe(1));
    const exited = once(child, 'exit');
    const started = performance.now();
    child.send('close');
    await once(child, 'message');
    const closed = performance.now() - started;
    expect(await exited).toEqual([0, null]);
    const gone = performance.now() - started;
    console.log(
      `closed after ${closed.toFixed(0)} ms (300 of them patience), gone after ${gone.toFixed(0)} ms`,
    );
    expect(gone).toBeLessThan(300 + 1_000 + 700);
    expect(await jobs.get(endless.id)).toMatchObject({ state: 'waiting', attempt: 0 });
  });
});
