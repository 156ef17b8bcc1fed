import { type ScheduleOptions, UnknownJobError } from 'scalr-queue';
import { eventually } from '../support/eventually.js';
import { expectEachOnce, type Run, startApp } from '../support/schedules.js';

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
    expect(Math.abs(runs[0]!.slot - asked)).toBeLessThan(2_000);
    const [daily] = await schedules.list();
    expect(Math.abs(daily!.lastRunAt!.getTime() - runs[0]!.at)).toBeLessThan(2_000);
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
