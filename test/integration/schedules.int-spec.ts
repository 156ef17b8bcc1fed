import { Injectable } from '@nestjs/common';
import {
  defineJob,
  JobContext,
  ProcessJob,
  Scheduled,
  type ScheduleOptions,
  SchedulesService,
  UnknownJobError,
} from 'scalr-queue';
import { onTestFinished } from 'vitest';
import { startProducer, startWorker, type TestAppOptions, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis.js';

type Payload = { by: string } | undefined;
interface Run {
  slot: number;
  at: number;
  by?: string;
  attempt: number;
}

const Tick = defineJob<Payload>('tick', { retry: { attempts: 3, delay: 1 } });
const SECOND = 1_000;

/** The provider of a worker whose one handler carries these schedules and writes down its runs. */
function ticker(runs: Run[], ...schedules: ScheduleOptions[]) {
  const AllScheduled: MethodDecorator = (target, method, descriptor) => {
    for (const schedule of schedules.toReversed()) Scheduled(schedule)(target, method, descriptor);
  };

  @Injectable()
  class Ticker {
    @ProcessJob(Tick)
    @AllScheduled
    async run(payload: Payload, ctx: JobContext) {
      runs.push({
        slot: ctx.scheduledFor?.getTime() ?? NaN,
        at: Date.now(),
        attempt: ctx.attempt,
        ...(payload ? { by: payload.by } : {}),
      });
      if (payload?.by === 'failing' && ctx.attempt === 1) throw new Error('the first attempt fails');
    }
  }
  return [Ticker];
}

async function startApp(options: TestAppOptions = {}) {
  const app = options.app ?? uniqueApp();
  const producer = await startProducer({ ...options, app });
  const schedules = producer.get(SchedulesService);
  const names = async () => (await schedules.list()).map(({ name }) => name);
  const startTicker = (runs: Run[], ...given: ScheduleOptions[]) =>
    startWorker({ ...options, app, providers: ticker(runs, ...given) });
  return { app, ...producer, schedules, names, startTicker };
}

/** Each slot once, and none left out. */
function expectEachOnce(runs: readonly Run[], period = SECOND) {
  const slots = runs.map(({ slot }) => slot).toSorted((a, b) => a - b);
  const first = slots[0]!;
  expect(first % period).toBe(0);
  expect(slots).toEqual(slots.map((_slot, index) => first + index * period));
}

describe('the slots of a schedule', () => {
  it('run once each, on time, with five workers', async () => {
    const { startTicker } = await startApp();
    const runs: Run[] = [];
    await Promise.all(Array.from({ length: 5 }, () => startTicker(runs, { every: '1s' })));
    await eventually(() => expect(runs.length).toBeGreaterThanOrEqual(5));
    expectEachOnce(runs);
    for (const { at, slot } of runs) expect(Math.abs(at - slot)).toBeLessThan(SECOND);
  });

  it('run once each while twenty workers boot and half of them stop', async () => {
    const { startTicker } = await startApp();
    const runs: Run[] = [];
    const workers = await Promise.all(Array.from({ length: 20 }, () => startTicker(runs, { every: '2s' })));
    const booted = runs.length;
    await eventually(() => expect(runs.length).toBeGreaterThanOrEqual(booted + 2), { timeout: 20_000 });
    await Promise.all(workers.slice(0, 10).map((worker) => worker.close()));
    const halved = runs.length;
    await eventually(() => expect(runs.length).toBeGreaterThanOrEqual(halved + 2), { timeout: 20_000 });
    expectEachOnce(runs, 2 * SECOND);
  });

  it('follow a cron expression with seconds', async () => {
    const { startTicker } = await startApp();
    const runs: Run[] = [];
    await startTicker(runs, { cron: '* * * * * *', seconds: true, tz: 'Europe/Madrid' });
    await eventually(() => expect(runs.length).toBeGreaterThanOrEqual(3));
    expectEachOnce(runs);
  });

  it('are kept apart where one method carries two schedules', async () => {
    const { startTicker, names } = await startApp();
    const runs: Run[] = [];
    const schedule = (name: string): ScheduleOptions => ({ name, every: '1s', payload: { by: name } });
    await startTicker(runs, schedule('a'), schedule('b'));
    for (const name of ['a', 'b']) {
      const own = () => runs.filter(({ by }) => by === name);
      await eventually(() => expect(own().length).toBeGreaterThanOrEqual(2));
      expectEachOnce(own());
    }
    expect(await names()).toEqual(['a', 'b']);
  });

  it('are retried like any job, and keep their time', async () => {
    const { startTicker, jobs } = await startApp();
    const runs: Run[] = [];
    await startTicker(runs, { every: '1s', payload: { by: 'failing' } });
    await eventually(() => expect(runs.length).toBeGreaterThanOrEqual(2));
    const [first, second] = runs;
    expect([first?.attempt, second?.attempt]).toEqual([1, 2]);
    expect(second?.slot).toBe(first?.slot);
    const id = `slot-${first?.slot}`;
    await eventually(async () =>
      expect(await jobs.get(id)).toMatchObject({ name: 'tick', state: 'completed' }),
    );
  });
});

describe('the worker that booted last', () => {
  const daily: ScheduleOptions = { name: 'daily', every: '1d' };
  const hourly: ScheduleOptions = { name: 'hourly', every: '1h' };

  it('decides which schedules there are: new, removed, renamed and changed ones', async () => {
    const { startTicker, schedules, jobs } = await startApp();
    const runs: Run[] = [];
    expect(await schedules.list()).toEqual([]);
    await startTicker(runs, daily, hourly, { cron: '0 3 * * *', tz: 'Europe/Madrid', name: 'nightly' });
    await eventually(async () => expect(await schedules.list()).toHaveLength(3));
    const before = await schedules.list();
    expect(before).toMatchObject([
      { name: 'daily', queue: 'default', every: 86_400_000, paused: false },
      { name: 'hourly', every: 3_600_000 },
      { name: 'nightly', cron: '0 3 * * *', tz: 'Europe/Madrid' },
    ]);
    const idOf = ({ name, nextRunAt }: { name: string; nextRunAt: Date }) =>
      `slot-${nextRunAt.getTime()}-${name}`;
    for (const schedule of before) {
      await eventually(async () =>
        expect(await jobs.get(idOf(schedule))).toMatchObject({ state: 'delayed', runAt: schedule.nextRunAt }),
      );
    }

    await startTicker(runs, daily, { name: 'hourly', every: '61m' }, { name: 'renamed', every: '1h' });
    const isNew = async () => {
      const after = await schedules.list();
      expect(after).toMatchObject([
        { name: 'daily' },
        { name: 'hourly', every: 3_660_000 },
        { name: 'renamed' },
      ]);
      for (const schedule of after) expect((await jobs.get(idOf(schedule)))?.state).toBe('delayed');
    };
    await eventually(isNew);
    expect((await jobs.get(idOf(before[0]!)))?.state).toBe('delayed');
    await eventually(async () => expect(await jobs.get(idOf(before[1]!))).toBeUndefined());
    await eventually(async () => expect(await jobs.get(idOf(before[2]!))).toBeUndefined());
    expect(runs).toEqual([]);
  });

  it('is followed by the older ones, also when it is gone', async () => {
    const { startTicker, names } = await startApp();
    const runs: Run[] = [];
    const beat = (name: string): ScheduleOptions => ({ name, every: '1s', payload: { by: name } });
    const count = (name: string) => runs.filter(({ by }) => by === name).length;
    await startTicker(runs, beat('old'), daily);
    await eventually(() => expect(count('old')).toBeGreaterThanOrEqual(1));
    const newer = await startTicker(runs, beat('new'), hourly);
    await eventually(() => expect(count('new')).toBeGreaterThanOrEqual(3));
    expect(await names()).toEqual(['hourly', 'new']);
    const ofOld = count('old');
    await newer.close();
    const before = count('new');
    await eventually(() => expect(count('new')).toBeGreaterThanOrEqual(before + 3));
    expect(await names()).toEqual(['hourly', 'new']);
    expect(count('old')).toBe(ofOld);
    expectEachOnce(runs.filter(({ by }) => by === 'new'));
  });

  it('wins again after Redis was emptied under running workers', async () => {
    const redis = await RedisServer.start();
    onTestFinished(() => redis.stop());
    const { startTicker, names, app } = await startApp({ redis: redis.url });
    const runs: Run[] = [];
    const beat: ScheduleOptions = { name: 'beat', every: '1s' };
    await startTicker(runs, beat, daily);
    await eventually(async () => expect(await names()).toEqual(['beat', 'daily']));
    await startTicker(runs, beat, hourly);
    await eventually(async () => expect(await names()).toEqual(['beat', 'hourly']));
    await redis.cli('flushall');
    await eventually(async () => expect(await names()).toEqual(['beat', 'hourly']));
    const wiped = runs.length;
    await eventually(() => expect(runs.length).toBeGreaterThanOrEqual(wiped + 3));
    expect(await names()).toEqual(['beat', 'hourly']);
    const pending = await redis.cli('zrange', `scalr:{${app}}:default:delayed`, '0', '-1');
    expect(pending).toMatch(/slot-\d+-hourly/);
    expect(pending).not.toMatch(/daily/);
  });
});

describe('SchedulesService', () => {
  it('pauses a schedule, over new boots, until it is resumed', async () => {
    const { startTicker, schedules, jobs } = await startApp();
    const runs: Run[] = [];
    const declared: ScheduleOptions[] = [
      { name: 'beat', every: '1s', payload: { by: 'beat' } },
      { name: 'other', every: '1s', payload: { by: 'other' } },
      { name: 'daily', every: '1d' },
    ];
    await startTicker(runs, ...declared);
    const count = (name: string) => runs.filter(({ by }) => by === name).length;
    await eventually(() => expect(count('beat')).toBeGreaterThanOrEqual(1));
    const [, daily] = await schedules.list();
    const pendingId = `slot-${daily!.nextRunAt.getTime()}-daily`;
    expect(await jobs.get(pendingId)).toMatchObject({ state: 'delayed' });

    await schedules.pause('beat');
    await schedules.pause('daily');
    await schedules.pause('daily');
    const paused = count('beat');
    expect(await jobs.get(pendingId)).toBeUndefined();
    await startTicker(runs, ...declared);
    const others = count('other');
    await eventually(() => expect(count('other')).toBeGreaterThanOrEqual(others + 3));
    expect(count('beat')).toBe(paused);
    expect(await jobs.get(pendingId)).toBeUndefined();
    expect((await schedules.list()).map(({ name, paused }) => [name, paused])).toEqual([
      ['beat', true],
      ['daily', true],
      ['other', false],
    ]);

    await schedules.resume('daily');
    await schedules.resume('beat');
    await schedules.resume('beat');
    expect(await jobs.get(pendingId)).toMatchObject({ state: 'delayed' });
    await eventually(() => expect(count('beat')).toBeGreaterThanOrEqual(paused + 2));
    expectEachOnce(runs.filter(({ by }) => by === 'other'));
  });

  it('goes on at once with a schedule that is resumed while all workers sleep', async () => {
    const { startTicker, schedules } = await startApp();
    const runs: Run[] = [];
    await startTicker(runs, { every: '1s' });
    await eventually(() => expect(runs.length).toBeGreaterThanOrEqual(1));
    await schedules.pause('tick');
    await schedules.resume('tick');
    const before = runs.length;
    await eventually(() => expect(runs.length).toBeGreaterThanOrEqual(before + 3));
  });

  it('runs a schedule now, beside its slots, and tells when it ran', async () => {
    const { startTicker, schedules, jobs } = await startApp();
    const runs: Run[] = [];
    await startTicker(runs, { name: 'daily', every: '1d', payload: { by: 'daily' } });
    await eventually(async () => expect(await schedules.list()).toHaveLength(1));
    expect((await schedules.list())[0]).not.toHaveProperty('lastRunAt');
    const asked = Date.now();
    const job = await schedules.runNow('daily');
    expect(job).toMatchObject({ name: 'tick', queue: 'default', status: 'created' });
    await jobs.waitFor(job, { timeout: '5s' });
    expect(runs).toMatchObject([{ by: 'daily', attempt: 1 }]);
    expect(Math.abs(runs[0]!.slot - asked)).toBeLessThan(200);
    const [daily] = await schedules.list();
    expect(Math.abs(daily!.lastRunAt!.getTime() - runs[0]!.at)).toBeLessThan(200);
    await schedules.pause('daily');
    await jobs.waitFor(await schedules.runNow('daily'), { timeout: '5s' });
    expect(runs).toHaveLength(2);
  });

  it('does not know other names', async () => {
    const { startTicker, schedules } = await startApp();
    await expect(schedules.runNow('tick')).rejects.toThrow(
      new UnknownJobError('no schedule is called "tick", no worker has declared any yet'),
    );
    await startTicker([], { every: '1d' });
    await eventually(async () => expect(await schedules.list()).toHaveLength(1));
    for (const call of ['runNow', 'pause', 'resume'] as const) {
      await expect(schedules[call]('tik')).rejects.toThrow(
        new UnknownJobError('no schedule is called "tik", did you mean "tick"?'),
      );
    }
    await expect(schedules.pause('something else')).rejects.toThrow('known are: tick');
  });
});

describe('a slot that was missed', () => {
  /** Stops the only worker until the slot that waits is late, and starts another. */
  async function afterDowntime(missed: 'skip' | 'once') {
    const { startTicker, jobs } = await startApp();
    const runs: Run[] = [];
    const schedule: ScheduleOptions = { every: '1s', missed };
    const first = await startTicker(runs, schedule);
    await eventually(() => expect(runs.length).toBeGreaterThanOrEqual(1));
    await first.close();
    const waiting = runs.at(-1)!.slot + SECOND;
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
    const late = after.filter(({ at, slot }) => at - slot > SECOND);
    expect(late.map(({ slot }) => slot)).toEqual([waiting]);
    const onTime = after.filter((run) => !late.includes(run));
    expect(onTime[0]!.slot).toBeGreaterThanOrEqual(restart - SECOND);
    expectEachOnce(onTime);
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

describe('a wrong schedule', () => {
  it('keeps the worker from booting', async () => {
    await expect(startWorker({ providers: ticker([], { every: 10 }) })).rejects.toMatchObject({
      code: 'QUEUE_CONFIG',
      message: expect.stringMatching(
        /^expected every of the schedule "tick" \(Ticker\.run\) to be a duration from 1000 /,
      ) as string,
    });
    const hourly: ScheduleOptions = { every: '1h' };
    await expect(startWorker({ providers: ticker([], hourly, hourly) })).rejects.toThrow(
      'two schedules are called "tick": of Ticker.run and of Ticker.run. Give one of them another name.',
    );
  });

  it('is one of a method that handles no job, or several', async () => {
    @Injectable()
    class Lonely {
      @Scheduled({ every: '1h' })
      run() {}
    }
    @Injectable()
    class Torn {
      @ProcessJob(Tick)
      @ProcessJob(defineJob('tock'))
      @Scheduled({ every: '1h' })
      run() {}
    }
    const text = (label: string, got: string) =>
      `expected the @Scheduled method ${label} to have one @ProcessJob, which tells the job to enqueue, got: ${got}`;
    await expect(startWorker({ providers: [Lonely] })).rejects.toThrow(text('Lonely.run', 'none'));
    await expect(startWorker({ providers: [Torn] })).rejects.toThrow(text('Torn.run', '2'));
  });
});
