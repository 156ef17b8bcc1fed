import { defineJob, type JobContext, type ScheduleOptions } from 'scalr-queue';
import { onTestFinished } from 'vitest';
import { handlerOf } from '../conformance/driver.js';
import { startWorker } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis.js';
import { expectEachOnce, type Run, SECOND, startApp, Tick, ticker } from '../support/schedules.js';

/** A slot that is on time is not as late as that on a crowded machine either. */
const Expiring: typeof Tick = defineJob('expiring', { expiresIn: '3s' });

const noteIn =
  (runs: Run[]) =>
  (payload: { by: string } | undefined, { scheduledFor, attempt }: JobContext) =>
    void runs.push({ slot: +scheduledFor!, at: Date.now(), attempt, ...payload });

describe('a slot that was missed', () => {
  /** Stops the only worker until the slot that waits is late, and starts another. */
  async function afterDowntime(missed: 'skip' | 'once', definition: typeof Tick = Tick) {
    const { app, jobs, schedules } = await startApp();
    const startTicker = (seen: Run[], schedule: ScheduleOptions) =>
      startWorker({ app, providers: [handlerOf(definition, noteIn(seen), schedule)] });
    const runs: Run[] = [];
    const schedule: ScheduleOptions = { every: '1s', missed };
    const infoNow = async () => (await schedules.list())[0]!;
    const first = await startTicker(runs, schedule);
    // Stopped while the next slot waits for its time.
    const waiting = await eventually(async () => {
      const next = (runs.at(-1)?.slot ?? NaN) + SECOND;
      return (await jobs.get(`slot-${next}`))?.state === 'delayed' ? next : 0;
    });
    await first.close();
    const before = runs.length;
    // It shows while nobody is there to notice it.
    await eventually(async () => expect((await infoNow()).lateSince).toEqual(new Date(waiting)));
    await eventually(() => Date.now() > waiting + 3_500);
    const restart = Date.now();
    const second = await startTicker(runs, schedule);
    await eventually(() => expect(runs.length).toBeGreaterThanOrEqual(before + 4));
    return { waiting, restart, after: runs.slice(before), jobs, schedules, infoNow, second };
  }

  it('is skipped by default, and looks like a success nowhere', async () => {
    const { waiting, restart, after, jobs, schedules, infoNow, second } = await afterDowntime('skip');
    expect(after[0]!.slot).toBeGreaterThanOrEqual(restart - SECOND);
    expectEachOnce(after);
    const id = `slot-${waiting}`;
    const job = await jobs.get(id);
    expect(job).toMatchObject({ state: 'completed', outcome: 'missed' });
    expect(job).not.toHaveProperty('result');
    expect((await jobs.explain(id))?.reasons[0]).toMatchObject({
      code: 'missed',
      message: expect.stringMatching(
        /^the slot \S+ of the schedule tick was missed and did not run/,
      ) as string,
    });
    const info = await infoNow();
    // The slots that nobody enqueued were missed too.
    expect(+info.lastMissedAt!).toBeGreaterThanOrEqual(waiting + SECOND);
    expect(+info.lastSuccessAt!).toBeGreaterThan(restart);
    expect(info.lateSince).toBeUndefined();
    await eventually(async () => {
      const ended = new Map(
        (await schedules.outcomes())[0]!.slots.map(({ slot, outcome }) => [+slot, outcome]),
      );
      expect([waiting - SECOND, waiting, waiting + SECOND].map((slot) => ended.get(slot))).toEqual([
        'ok',
        'missed',
        'missed',
      ]);
      expect(after.map(({ slot }) => ended.get(slot))).toEqual(after.map(() => 'ok'));
    });
    const metrics = await (await fetch(`${second.url}/metrics`)).text();
    const valueOf = (name: string) => Number(new RegExp(`^${name}{.*} (\\S+)$`, 'm').exec(metrics)?.[1]);
    expect(valueOf('scalr_queue_jobs_missed_total')).toBe(1);
    // As many as have run: each has a slot of its own.
    expect(valueOf('scalr_queue_jobs_completed_total')).toBeLessThanOrEqual(after.length + 1);
    expect(valueOf('scalr_queue_schedule_last_missed_timestamp_seconds') * SECOND).toBe(+info.lastMissedAt!);
  });

  it('stays missed, paused or removed, though an old worker without its handler has taken and put it aside', async () => {
    const { app, startTicker, jobs, schedules } = await startApp();
    const runs: Run[] = [];
    const beat = (name: string, missed: 'skip' | 'once'): ScheduleOptions => ({
      name,
      every: '1s',
      missed,
      payload: { by: name },
    });
    const kept = beat('kept', 'skip');
    const paused = beat('paused', 'once');
    const Other = defineJob('other');
    await startWorker({ app, providers: [handlerOf(Other, () => undefined)] });
    const first = await startTicker(runs, kept, paused, beat('removed', 'once'));
    await eventually(() => expect(new Set(runs.map(({ by }) => by)).size).toBe(3));
    // Stopped while the next slot of each waits for its time: the worker makes none once it is told to stop.
    const aside = await eventually(async () => {
      const next = ['kept', 'paused', 'removed'].map((name) => ({
        name,
        slot: runs.findLast(({ by }) => by === name)!.slot + SECOND,
      }));
      const ids = next.map(({ name, slot }) => `slot-${slot}-${name}`);
      const found = await Promise.all(ids.map((id) => jobs.get(id)));
      expect(found.map((job) => job?.state)).toEqual(['delayed', 'delayed', 'delayed']);
      expect(Math.min(...next.map(({ slot }) => slot))).toBeGreaterThan(Date.now() + SECOND / 2);
      return ids;
    });
    await first.close();
    await eventually(() => Date.now() > Math.max(...runs.map(({ slot }) => slot)) + 2_500);
    const before = runs.length;
    const restart = Date.now();
    await schedules.pause('paused');
    await startTicker(runs, kept, paused);
    await eventually(async () => {
      const found = await Promise.all(aside.map((id) => jobs.get(id)));
      expect(found.map((job) => job?.outcome)).toEqual(['missed', 'skipped', 'skipped']);
    });
    await eventually(() => expect(runs.length).toBeGreaterThan(before));
    for (const { slot, by } of runs.slice(before)) {
      expect(by).toBe('kept');
      expect(slot).toBeGreaterThanOrEqual(restart - SECOND);
    }
  });

  it('runs late and once with missed: once, however many there were', async () => {
    const { waiting, restart, after, infoNow, jobs } = await afterDowntime('once', Expiring);
    // By their slots: on a crowded machine one that is on time can start a second late as well.
    const missed = after.filter(({ slot }) => slot < restart - SECOND);
    expect(missed.map(({ slot }) => slot)).toEqual([waiting]);
    expect(missed[0]!.at - waiting).toBeGreaterThan(3 * SECOND);
    expect(await jobs.get(`slot-${waiting}`)).toMatchObject({ state: 'completed' });
    // It ran: what stood for it as well was not missed, nor did it expire, though its definition says so of other jobs.
    expect((await infoNow()).lastMissedAt).toBeUndefined();
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
