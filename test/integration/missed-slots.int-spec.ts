import type { ScheduleOptions } from 'scalr-queue';
import { onTestFinished } from 'vitest';
import { startWorker } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis.js';
import { expectEachOnce, type Run, SECOND, startApp, ticker } from '../support/schedules.js';

describe('a slot that was missed', () => {
  /** Stops the only worker until the slot that waits is late, and starts another. */
  async function afterDowntime(missed: 'skip' | 'once') {
    const { startTicker, jobs } = await startApp();
    const runs: Run[] = [];
    const schedule: ScheduleOptions = { every: '1s', missed };
    const first = await startTicker(runs, schedule);
    // Stopped while the next slot waits for its time.
    const waiting = await eventually(async () => {
      const next = (runs.at(-1)?.slot ?? NaN) + SECOND;
      return (await jobs.get(`slot-${next}`))?.state === 'delayed' ? next : 0;
    });
    await first.close();
    const before = runs.length;
    await eventually(() => Date.now() > waiting + 3_500);
    const restart = Date.now();
    await startTicker(runs, schedule);
    await eventually(() => expect(runs.length).toBeGreaterThanOrEqual(before + 4));
    return { waiting, restart, after: runs.slice(before), jobs };
  }

  it('is skipped by default: its job completes without a run', async () => {
    const { waiting, restart, after, jobs } = await afterDowntime('skip');
    expect(after[0]!.slot).toBeGreaterThanOrEqual(restart - SECOND);
    expectEachOnce(after);
    expect(await jobs.get(`slot-${waiting}`)).toMatchObject({ state: 'completed' });
  });

  it('runs late and once with missed: once, however many there were', async () => {
    const { waiting, restart, after } = await afterDowntime('once');
    // By their slots: on a crowded machine one that is on time can start a second late as well.
    const missed = after.filter(({ slot }) => slot < restart - SECOND);
    expect(missed.map(({ slot }) => slot)).toEqual([waiting]);
    expect(missed[0]!.at - waiting).toBeGreaterThan(SECOND);
    expectEachOnce(after.filter((run) => !missed.includes(run)));
  });

  it.each([
    ['once', 1],
    ['skip', 0],
  ] as const)('and that was never enqueued counts too: %s', async (missed, lateRuns) => {
    const redis = await RedisServer.start();
    onTestFinished(() => redis.stop());
    const { startTicker, schedules, app } = await startApp({ redis: redis.url });
    const runs: Run[] = [];
    const WEEK = 7 * 86_400_000;
    const weekly: ScheduleOptions = { every: '7d', missed };
    const probe: ScheduleOptions = { name: 'probe', every: '1s', payload: { by: 'probe' } };
    const first = await startTicker(runs, weekly, probe);
    await eventually(() => expect(runs.length).toBeGreaterThanOrEqual(1));
    const next = (await schedules.list()).find(({ name }) => name === 'tick')!.nextRunAt.getTime();
    await first.close();
    // As if all workers had died right after the slot of three weeks ago had started.
    const started = next - 4 * WEEK;
    const key = `scalr:{${app}}:~schedules`;
    await redis.cli('hset', key, 'last:tick', String(started), 'run:tick', `${started} ${started}`);
    await redis.cli('zrem', `scalr:{${app}}:default:delayed`, `tick~slot-${next}`);
    await redis.cli('del', `scalr:{${app}}:default:tick~slot-${next}`);

    const before = runs.length;
    const ofWeekly = () => runs.filter(({ by }) => by === undefined).map(({ slot }) => slot);
    await startTicker(runs, weekly, probe);
    await eventually(() => expect(runs.length).toBeGreaterThanOrEqual(before + 3 + lateRuns));
    expect(ofWeekly()).toEqual(lateRuns === 1 ? [next - WEEK] : []);
    expect(await redis.cli('hget', key, 'last:tick')).toBe(String(next));
    expect(await redis.cli('zscore', `scalr:{${app}}:default:delayed`, `tick~slot-${next}`)).toBeTruthy();
  });

  it('does not concern a job of a schedule that is removed or paused while it waits', async () => {
    const { app, startTicker, schedules, names } = await startApp();
    const runs: Run[] = [];
    const beat = (name: string): ScheduleOptions => ({
      name,
      every: '1s',
      missed: 'once',
      payload: { by: name },
    });
    const first = await startTicker(runs, beat('removed'), beat('paused'), beat('kept'));
    await eventually(() => expect(runs.length).toBeGreaterThanOrEqual(3));
    await first.close();
    const before = runs.length;
    const last = runs.at(-1)!.slot;
    await eventually(() => Date.now() > last + 3_500);
    await schedules.pause('paused');
    await startWorker({ app, providers: ticker(runs, beat('paused'), beat('kept')) });
    await eventually(() => expect(runs.length).toBeGreaterThanOrEqual(before + 3));
    expect(runs.slice(before).filter(({ by }) => by !== 'kept' && by !== 'removed')).toEqual([]);
    expect(await names()).toEqual(['kept', 'paused']);
  });
});
