import { vi } from 'vitest';
import { QueueUnavailableError } from '../contract/errors/enqueue.errors.js';
import type { JobRef } from '../contract/job-ref.js';
import { formatFailure } from '../engine/failure.js';
import type { JobEnd } from '../engine/job-end.js';
import { JobWaiter } from './job.waiter.js';

const stored = {
  id: 'send~1',
  name: 'send',
  queueName: 'mail',
  opts: {},
  timestamp: 0,
  attemptsMade: 0,
  progress: 0,
};
const REF = { id: '1', name: 'send', queue: 'mail' };

beforeEach(() => void vi.useFakeTimers({ now: 0, toFake: ['setTimeout', 'clearTimeout', 'Date'] }));
afterEach(() => void vi.useRealTimers());

/** A wait for a job that is what the test says, and what became of it. */
function waiting(
  ref: JobRef = REF,
  {
    timeout = 10_000,
    signal,
    state = 'wait',
  }: { timeout?: number; signal?: AbortSignal; state?: string } = {},
) {
  const job = { state, more: {} as object, error: undefined as Error | undefined };
  const looks: number[] = [];
  const listeners = new Set<(end: JobEnd) => void>();
  const listened: string[] = [];
  const past = { end: undefined as JobEnd | undefined, remembered: false, asked: [] as unknown[] };
  const reader = {
    find: async () => {
      looks.push(Date.now());
      if (job.error) throw job.error;
      return job.state === 'gone' ? undefined : { job: { ...stored, ...job.more }, state: job.state };
    },
    bounded: (read: () => unknown) => read(),
    placesOf: async () => [{ queue: 'mail', storedId: 'send~1', name: 'send' }],
  };
  const ends = {
    listen: (queue: string, storedId: string, listener: (end: JobEnd) => void) => {
      listened.push(`${queue} ${storedId}`);
      listeners.add(listener);
      return { listening: Promise.resolve(), stop: () => listeners.delete(listener) };
    },
    find: async (places: unknown) => (past.asked.push(places), past.end),
    remembers: async () => past.remembered,
  };
  let alarms = 0;
  const clock = {
    now: () => Date.now(),
    after: (ms: number, work: () => void) => {
      alarms++;
      const timer = setTimeout(work, ms);
      return () => {
        alarms--;
        clearTimeout(timer);
      };
    },
  };
  const waiter = new JobWaiter(reader as never, { ends } as never, { clock });
  const outcome = { settled: undefined as unknown };
  void waiter.wait(ref, timeout, signal).then(
    (result) => (outcome.settled = { result }),
    (error: Error & { code?: string }) => (outcome.settled = error.code ?? error.message),
  );
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
  const hear = (end: JobEnd) => listeners.forEach((listener) => listener(end));
  /** What it came to; by then nothing of it is left. */
  const end = () => {
    expect([listeners.size, alarms]).toEqual([0, 0]);
    return outcome.settled;
  };
  return { job, looks, listened, past, waiter, outcome, pass, hear, end };
}

it('looks at the job soon, and less and less often, at least once a second', async () => {
  const { looks, outcome, pass, job, end } = waiting();
  await pass(5_000);
  expect(looks).toEqual([0, 50, 150, 350, 750, 1_550, 2_550, 3_550, 4_550]);
  expect(outcome.settled).toBeUndefined();
  Object.assign(job, { state: 'completed', more: { returnvalue: 7 } });
  await pass(549);
  expect(outcome.settled).toBeUndefined();
  await pass(1);
  expect(end()).toEqual({ result: 7 });
});

it('looks as soon as it hears of the end, of a job that it knows by its id alone too', async () => {
  for (const ref of [REF, '1', { id: '1', name: 'send' }]) {
    const { listened, job, pass, hear, end } = waiting(ref);
    await pass(10);
    expect(listened).toEqual(['mail send~1']);
    Object.assign(job, { state: 'completed', more: { returnvalue: 'done' } });
    hear({ result: 'done' });
    await pass(0);
    expect(end()).toEqual({ result: 'done' });
  }
});

it('takes what it heard for the end of a job that is not kept, and not of one that goes on', async () => {
  const kept = waiting();
  await kept.pass(10);
  kept.job.state = 'gone';
  kept.hear({ failedReason: formatFailure('discarded', { name: 'Discard', message: 'no' }) });
  await kept.pass(0);
  expect(kept.end()).toBe('JOB_FAILED');

  const again = waiting();
  await again.pass(10);
  // It was put back since.
  again.hear({ result: 'of an earlier life' });
  await again.pass(0);
  again.job.state = 'gone';
  again.past.end = { result: 'of this one' };
  await again.pass(1_000);
  expect(again.end()).toEqual({ result: 'of this one' });
  expect(again.past.asked).toEqual([[{ queue: 'mail', storedId: 'send~1' }]]);
});

it('says of a job that is gone whether it was ever there', async () => {
  const gone = async (ref: JobRef, remembered: boolean) => {
    const { past, pass, end } = waiting(ref, { state: 'gone' });
    past.remembered = remembered;
    await pass(10);
    return end();
  };
  expect(await gone(REF, false)).toBe('JOB_NOT_KEPT');
  expect(await gone('1', true)).toBe('JOB_NOT_KEPT');
  expect(await gone('1', false)).toBe('JOB_FAILED');
});

it('waits an outage out, until its time is over', async () => {
  const { job, pass, outcome, end } = waiting();
  job.error = new QueueUnavailableError('gone');
  await pass(5_000);
  expect(outcome.settled).toBeUndefined();
  Object.assign(job, { state: 'completed', more: { returnvalue: 7 }, error: undefined });
  await pass(1_000);
  expect(end()).toEqual({ result: 7 });
  const late = waiting(REF, { timeout: 300 });
  late.job.error = new QueueUnavailableError('gone');
  await late.pass(299);
  expect(late.outcome.settled).toBeUndefined();
  await late.pass(1);
  expect(late.end()).toBe('QUEUE_UNAVAILABLE');
  const odd = waiting();
  odd.job.error = new TypeError('a fault');
  await odd.pass(0);
  expect(odd.end()).toBe('a fault');
});

it('ends at its time, at its signal and when its process closes', async () => {
  const late = waiting(REF, { timeout: 120 });
  await late.pass(119);
  expect(late.outcome.settled).toBeUndefined();
  await late.pass(1);
  expect(late.end()).toBe('WAIT_TIMEOUT');
  // It looked a last time.
  expect(late.looks.at(-1)).toBe(120);

  const stop = new AbortController();
  const stopped = waiting(REF, { signal: stop.signal });
  await stopped.pass(10);
  stop.abort(new Error('enough'));
  await stopped.pass(0);
  expect(stopped.end()).toBe('enough');
  const never = waiting(REF, { signal: stop.signal });
  await never.pass(0);
  expect(never.end()).toBe('enough');
  expect(never.looks).toEqual([]);

  const closing = waiting();
  await closing.pass(10);
  closing.waiter.onApplicationShutdown();
  await closing.pass(0);
  expect(closing.end()).toBe('QUEUE_CLOSED');
});
