import { onTestFinished, vi } from 'vitest';
import { CancelWatcher } from './cancel.watcher.js';
import { type Run, RunningJobs } from './running.jobs.js';

/** A worker whose looks are counted; the test says what runs and how many requests there are. */
function watching() {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const redis = { looks: 0, requests: 0 };
  const look = async () => {
    redis.looks++;
    return { asked: [], requests: redis.requests };
  };
  const running = new RunningJobs();
  const cancels = { look, settle: async () => undefined };
  const watcher = new CancelWatcher(
    { ready: true } as never,
    { cancels } as never,
    running,
    undefined as never,
    undefined as never,
  );
  watcher.start();
  onTestFinished(() => watcher.stop());
  const looksWithin = async (ms: number) => {
    const before = redis.looks;
    await vi.advanceTimersByTimeAsync(ms);
    return redis.looks - before;
  };
  return { redis, running, looksWithin };
}

const run: Run = { queue: 'mail', storedId: 'a~1', startedAt: 0, attempt: { abort: () => undefined } };

it('looks for requests twice a second while a job runs, and once more when it has ended', async () => {
  const { running, looksWithin } = watching();
  const number = running.add(run);
  expect(await looksWithin(5_000)).toBe(10);
  running.remove(number);
  expect(await looksWithin(500)).toBe(1);
});

it('looks every 5 seconds where nothing runs, and at its next turn when something does', async () => {
  const { running, looksWithin } = watching();
  await looksWithin(500);
  expect(await looksWithin(20_000)).toBe(4);
  running.add(run);
  expect(await looksWithin(500)).toBe(1);
});

it('goes on twice a second until what is asked is settled', async () => {
  const { redis, looksWithin } = watching();
  redis.requests = 1;
  expect(await looksWithin(5_000)).toBe(10);
  redis.requests = 0;
  await looksWithin(500);
  expect(await looksWithin(10_000)).toBe(2);
});
