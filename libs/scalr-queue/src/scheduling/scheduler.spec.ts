import type { QueueEngine } from '../engine/queue.engine.js';
import { MemoryScheduleRecords } from '../engine/memory/memory.schedule-records.js';
import { hourly, NOON, onSchedulerClock, startApp } from '../../../../test/support/schedulers.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const told = onSchedulerClock();

describe('a worker', () => {
  it('declares its schedules once, tells of them, and enqueues the next slot of each', async () => {
    const { startWorker, live, names, slotOf } = startApp();
    const { scheduler } = await startWorker('v1', [hourly('a'), hourly('b')]);
    expect(scheduler.declared).toBeUndefined();
    for (let times = 0; times < 2; times++) await scheduler.reconcile();
    expect(scheduler.declared).toBe(NOON + MINUTE);
    expect(live.get('v1')).toMatchObject({ schedulesBoot: NOON + MINUTE });
    expect(await names()).toEqual(['a', 'b']);
    expect([await slotOf('a', HOUR), await slotOf('b', HOUR)]).toEqual(['delayed', 'delayed']);
    expect(told).toEqual(['Schedules: a, b']);
  });

  it('without schedules has nothing to tell', async () => {
    const { startWorker, names } = startApp();
    const { scheduler } = await startWorker('v1', []);
    expect(await scheduler.reconcile()).toBe(10 * SECOND);
    expect(scheduler.declared).toBeDefined();
    expect(await names()).toEqual([]);
    expect(told).toEqual([]);
  });

  it('looks again when the next slot is due, within ten seconds, and a little later than others', async () => {
    const { startWorker, store } = startApp();
    const { scheduler } = await startWorker('v1', [hourly('hour'), { name: 'minute', every: '1m' }]);
    await scheduler.reconcile();
    vi.setSystemTime(NOON + 2 * MINUTE - 15 * SECOND);
    expect(await scheduler.reconcile()).toBe(10 * SECOND);
    vi.setSystemTime(NOON + 2 * MINUTE - 4 * SECOND);
    expect(await scheduler.reconcile()).toBe(4 * SECOND);
    vi.mocked(Math.random).mockReturnValue(1);
    expect(await scheduler.reconcile()).toBe(4_400);
    await store.pause('minute');
    expect(await scheduler.reconcile()).toBe(11 * SECOND);
  });

  it('takes back the pending slot of a schedule that its code has changed', async () => {
    const { startWorker, slotOf } = startApp();
    const old = await startWorker('v1', [hourly('a')]);
    await old.scheduler.reconcile();
    old.goAway();
    const { scheduler } = await startWorker('v2', [{ name: 'a', every: '2h' }]);
    await scheduler.reconcile();
    expect([await slotOf('a', HOUR), await slotOf('a', 2 * HOUR)]).toEqual([undefined, 'delayed']);
    expect(told).toEqual(['Schedules: a', 'Schedules: a', 'Schedule "a": changed']);
  });

  it('declares its schedules again when Redis has forgotten them', async () => {
    const { engine, startWorker, names } = startApp();
    const { scheduler } = await startWorker('v1', [hourly('a')]);
    await scheduler.reconcile();
    const { declared } = scheduler;
    Object.assign(engine, { schedules: new MemoryScheduleRecords() });
    await scheduler.reconcile();
    expect(await names()).toEqual(['a']);
    expect(scheduler.declared).toBe(declared);
    expect(told).toEqual([
      'Schedules: a',
      expect.stringMatching(/^Redis has forgotten the schedules of this app: .*declared again/),
    ]);
  });
});

describe('the looks of a worker', () => {
  async function looking() {
    const app = startApp();
    const read = vi.spyOn(app.engine.schedules, 'read');
    let ready = () => {};
    const stopHearing = vi.fn<() => void>();
    vi.spyOn<QueueEngine, 'onReady'>(app.engine, 'onReady').mockImplementation((listener) => {
      ready = listener;
      return stopHearing;
    });
    const { scheduler } = await app.startWorker('v1', [hourly('a')]);
    const looks = () => read.mock.calls.length;
    return { ...app, scheduler, read, looks, ready: () => ready(), stopHearing };
  }

  it('begin with its start, and end with its stop', async () => {
    const { scheduler, looks, stopHearing, slotOf } = await looking();
    scheduler.start();
    await vi.advanceTimersByTimeAsync(1);
    const first = looks();
    expect(first).toBeGreaterThan(0);
    expect(await slotOf('a', HOUR)).toBe('delayed');
    await vi.advanceTimersByTimeAsync(10 * SECOND - 2);
    expect(looks()).toBe(first);
    await vi.advanceTimersByTimeAsync(2);
    expect(looks()).toBe(first + 1);
    scheduler.stop();
    scheduler.wake();
    expect(stopHearing).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(looks()).toBe(first + 1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('come at once when Redis is back, or a slot starts, unless the next one is near', async () => {
    const { scheduler, looks, ready } = await looking();
    scheduler.wake();
    expect(vi.getTimerCount()).toBe(0);
    scheduler.start();
    await vi.advanceTimersByTimeAsync(1);
    let seen = looks();
    for (const begin of [ready, () => scheduler.wake()]) {
      begin();
      await vi.advanceTimersByTimeAsync(0);
      expect(looks()).toBe(++seen);
    }
    await vi.advanceTimersByTimeAsync(9 * SECOND);
    scheduler.wake();
    await vi.advanceTimersByTimeAsync(SECOND - 1);
    expect(looks()).toBe(seen);
    await vi.advanceTimersByTimeAsync(1);
    expect(looks()).toBe(seen + 1);
  });

  it('are one at a time, and the next one comes a second after one that failed, which is reported', async () => {
    const { scheduler, engine, read, looks, ready } = await looking();
    const report = vi.spyOn(engine, 'report');
    let fail: (error: Error) => void = () => undefined;
    read.mockImplementationOnce(() => new Promise((_resolve, reject) => (fail = reject)));
    scheduler.start();
    await vi.advanceTimersByTimeAsync(0);
    ready();
    scheduler.wake();
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(looks()).toBe(1);
    const failure = new Error('away');
    fail(failure);
    await vi.advanceTimersByTimeAsync(SECOND - 1);
    expect(report).toHaveBeenCalledExactlyOnceWith(failure);
    expect(looks()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(looks()).toBeGreaterThan(1);
  });

  it('report nothing that fails after the stop', async () => {
    const { scheduler, engine, read } = await looking();
    const report = vi.spyOn(engine, 'report');
    let fail: (error: Error) => void = () => undefined;
    read.mockImplementationOnce(() => new Promise((_resolve, reject) => (fail = reject)));
    scheduler.start();
    await vi.advanceTimersByTimeAsync(0);
    scheduler.stop();
    fail(new Error('closed'));
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(report).not.toHaveBeenCalled();
  });
});

it('a slot whose time has come waits for nothing', async () => {
  const { slots, store, startWorker } = startApp();
  const { scheduler } = await startWorker('v1', [hourly('a')]);
  await scheduler.reconcile();
  const { spec } = (await store.read()).schedules[0]!;
  const delayAt = (slot: number) => slots.prepare(spec, 'id', slot, { schedule: 'a' }).options.delay;
  expect([0, -1, 1].map((ms) => delayAt(Date.now() + ms))).toEqual([undefined, undefined, 1]);
});
