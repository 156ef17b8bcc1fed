import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  DeadLetterService,
  defineJob,
  EnqueueService,
  JobsService,
  type ScheduleOptions,
  SchedulesService,
} from 'scalr-queue';
import { handlerOf } from '../../../../test/conformance/driver.js';
import { ScalrQueueTestingModule } from './testing.module.js';
import { TestQueue } from './test.queue.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** On the hour. */
const NOON = Date.parse('2026-03-01T12:00Z');
const Tick = defineJob('tick', { retry: false });

const warnings: string[] = [];
beforeEach(() => {
  warnings.length = 0;
  vi.spyOn(Logger.prototype, 'warn').mockImplementation((line: string) => void warnings.push(line));
});
afterEach(() => void vi.restoreAllMocks());

/** A worker with one schedule, which has begun at noon; runs are told in milliseconds after noon. */
async function ticking(schedule: ScheduleOptions, { fails = (): boolean => false, definition = Tick } = {}) {
  const runs: { slot: number; at: number }[] = [];
  const imports = [ScalrQueueTestingModule.forRoot({ now: NOON })];
  const handler = handlerOf(
    definition,
    (_payload, { scheduledFor }) => {
      runs.push({ slot: +scheduledFor! - NOON, at: +queue.now - NOON });
      if (fails()) throw new Error('it failed');
    },
    schedule,
  );
  const module = await Test.createTestingModule({ imports, providers: [handler] }).compile();
  const queue = module.get(TestQueue);
  await queue.drain();
  const schedules = module.get(SchedulesService);
  const [jobs, dead, enqueue] = [
    module.get(JobsService),
    module.get(DeadLetterService),
    module.get(EnqueueService),
  ];
  const info = async () => {
    const [only] = await schedules.list();
    const after = (date: Date | undefined) => (date ? +date - NOON : undefined);
    const { nextRunAt, lastRunAt, lastSuccessAt, lastMissedAt, lateSince, paused } = only!;
    return {
      next: after(nextRunAt),
      run: after(lastRunAt),
      ok: after(lastSuccessAt),
      missed: after(lastMissedAt),
      late: after(lateSince),
      paused,
    };
  };
  const outcomes = async () =>
    (await schedules.outcomes())[0]!.slots.map(({ slot, outcome }) => [(+slot - NOON) / HOUR, outcome]);
  return { queue, schedules, jobs, dead, enqueue, runs, info, outcomes };
}

const slotId = (after: number) => `slot-${NOON + after}`;

describe('a slot that starts late', () => {
  it.each<[string, ScheduleOptions, number, number]>([
    ['a minute', { every: '1h' }, HOUR, MINUTE],
    ['a minute', { cron: '0 * * * *', tz: 'UTC' }, HOUR, MINUTE],
    ['half its period', { every: '20s' }, 20 * SECOND, 10 * SECOND],
    ['a second', { every: '1s' }, SECOND, SECOND],
  ])('runs up to %s after its time, and is missed then: %o', async (_limit, schedule, slot, limit) => {
    const inTime = await ticking(schedule);
    await inTime.queue.travel(slot + limit);
    await inTime.queue.drain();
    expect(inTime.runs).toContainEqual({ slot, at: slot + limit });

    const late = await ticking(schedule);
    await late.queue.travel(slot + limit + 1);
    await late.queue.drain();
    expect(late.runs.filter((run) => run.slot === slot)).toEqual([]);
    expect(await late.jobs.get(slotId(slot))).toMatchObject({ state: 'completed', outcome: 'missed' });
    expect(warnings.join('\n')).toContain(`was missed and is skipped (${limit + 1} ms after its time)`);
  });

  it('shows while nobody starts it, after a grace of two seconds', async () => {
    const { queue, info } = await ticking({ every: '1h' });
    await queue.travel(HOUR + 2 * SECOND);
    expect(await info()).toMatchObject({ late: undefined });
    await queue.travel(1);
    expect(await info()).toMatchObject({ late: HOUR, next: 2 * HOUR });
    await queue.drain();
    expect(await info()).toMatchObject({ late: undefined, run: HOUR + 2 * SECOND + 1 });
  });

  it('is one of several that were missed: none of them runs, and the latest of them is told', async () => {
    const { queue, runs, info, outcomes } = await ticking({ every: '1h' });
    await queue.advance(HOUR);
    await queue.travel(3.5 * HOUR);
    await queue.drain();
    expect(runs).toEqual([{ slot: HOUR, at: HOUR }]);
    expect(await info()).toMatchObject({ missed: 4 * HOUR, run: HOUR, late: undefined, next: 5 * HOUR });
    expect(warnings).toContain('Schedule "tick": 2 slots passed with no worker, they do not run');
    const ended = [
      [1, 'ok'],
      [2, 'missed'],
      [3, 'missed'],
      [4, 'missed'],
    ];
    expect(await outcomes()).toEqual(ended);
    await queue.advance(0.5 * HOUR);
    expect(await outcomes()).toEqual([...ended, [5, 'ok']]);
    expect(runs.slice(1)).toEqual([{ slot: 5 * HOUR, at: 5 * HOUR }]);
  });

  it('is the last of several, and in time: it runs, and those before it are missed', async () => {
    const { queue, runs, info, outcomes } = await ticking({ every: '1h' });
    await queue.advance(HOUR);
    await queue.travel(3 * HOUR + 30 * SECOND);
    await queue.drain();
    expect(runs.slice(1)).toEqual([{ slot: 4 * HOUR, at: 4 * HOUR + 30 * SECOND }]);
    expect(await info()).toMatchObject({ missed: 3 * HOUR });
    expect((await outcomes()).map(([, outcome]) => outcome)).toEqual(['ok', 'missed', 'missed', 'ok']);
    expect(warnings).toContain('Schedule "tick": 1 slot passed with no worker, it does not run');
  });

  it('runs once for all that were missed with missed: once, and counts as none', async () => {
    const { queue, runs, info, outcomes } = await ticking({ every: '1h', missed: 'once' });
    await queue.advance(HOUR);
    await queue.travel(3.5 * HOUR);
    await queue.drain();
    expect(runs.slice(1)).toEqual([{ slot: 2 * HOUR, at: 4.5 * HOUR }]);
    expect(await info()).toMatchObject({ missed: undefined, late: undefined });
    expect((await outcomes()).map(([, outcome]) => outcome)).toEqual(['ok', 'ok', 'missed', 'missed']);
    await queue.advance(HOUR);
    expect(runs.slice(2)).toEqual([{ slot: 5 * HOUR, at: 5 * HOUR }]);
  });
});

describe('a slot whose job is dead', () => {
  it.each([
    ['that failed', Tick, 'attempts'],
    ['that expired', defineJob('tick', { retry: false, expiresIn: '10m' }), 'expired'],
  ])('%s runs once it is retried by hand, however late', async (_what, definition, reason) => {
    let isBroken = true;
    const app = await ticking({ every: '1h' }, { fails: () => isBroken, definition });
    await app.queue.travel(HOUR + (reason === 'expired' ? 11 * MINUTE : 0));
    await app.queue.drain();
    expect(await app.jobs.get(slotId(HOUR))).toMatchObject({ state: 'dead', reason });
    expect(await app.info()).toMatchObject({ ok: undefined });
    expect((await app.outcomes())[0]).toEqual([1, 'failed']);
    const before = app.runs.length;
    isBroken = false;
    await app.queue.travel(30 * MINUTE);
    expect(await app.dead.retry(slotId(HOUR))).toMatchObject({ retried: 1 });
    await app.queue.drain();
    expect(app.runs.slice(before)).toEqual([{ slot: HOUR, at: +app.queue.now - NOON }]);
    const job = await app.jobs.get(slotId(HOUR));
    expect(job).toMatchObject({ state: 'completed' });
    expect(job).not.toHaveProperty('outcome');
    expect(await app.info()).toMatchObject({ ok: +app.queue.now - NOON });
    expect((await app.outcomes())[0]).toEqual([1, 'ok']);
  });
});

describe('a paused schedule', () => {
  it('misses nothing: its waiting slot is taken back, and the next one runs after it is resumed', async () => {
    const { queue, schedules, jobs, runs, info } = await ticking({ every: '1h' });
    expect(await jobs.get(slotId(HOUR))).toMatchObject({ state: 'delayed' });
    await schedules.pause('tick');
    expect(await jobs.get(slotId(HOUR))).toBeUndefined();
    await queue.advance(2.5 * HOUR);
    expect(await info()).toMatchObject({ paused: true, missed: undefined, late: undefined, next: 3 * HOUR });
    await schedules.resume('tick');
    await queue.advance(HOUR);
    expect(runs).toEqual([{ slot: 3 * HOUR, at: 3 * HOUR }]);
    expect(await info()).toMatchObject({ paused: false, missed: undefined });
    expect(warnings).toEqual([]);
  });

  it('does not start a slot whose time had come before it was paused', async () => {
    const { queue, schedules, jobs, runs, outcomes } = await ticking({ every: '1h' });
    await queue.travel(HOUR + SECOND);
    await schedules.pause('tick');
    await queue.drain();
    expect(runs).toEqual([]);
    expect(await jobs.get(slotId(HOUR))).toMatchObject({ state: 'completed', outcome: 'skipped' });
    expect(await outcomes()).toEqual([[1, 'skipped']]);
  });
});

it('lists schedules by their name, in whichever order they are declared', async () => {
  const imports = [ScalrQueueTestingModule.forRoot({ now: NOON })];
  const every = (name: string) => ({ name, every: '1h' }) as const;
  const handlers = ['b', 'c', 'a'].map((name) =>
    handlerOf(defineJob(`job-${name}`), () => undefined, every(name)),
  );
  const module = await Test.createTestingModule({ imports, providers: handlers }).compile();
  await module.get(TestQueue).drain();
  const schedules = module.get(SchedulesService);
  expect((await schedules.list()).map(({ name }) => name)).toEqual(['a', 'b', 'c']);
});
