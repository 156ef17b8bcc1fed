import { Injectable } from '@nestjs/common';
import { defineJob, ProcessJob, Scheduled, type ScheduleOptions } from 'scalr-queue';
import { onTestFinished } from 'vitest';
import { startWorker } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis.js';
import { expectEachOnce, type Run, SECOND, startApp, Tick, ticker } from '../support/schedules.js';

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
      `expected the @Scheduled method ${label} to have one @ProcessJob, which names the job to enqueue, got: ${got}`;
    await expect(startWorker({ providers: [Lonely] })).rejects.toThrow(text('Lonely.run', 'none'));
    await expect(startWorker({ providers: [Torn] })).rejects.toThrow(text('Torn.run', '2'));
  });
});
