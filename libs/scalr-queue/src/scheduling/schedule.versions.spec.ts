import type { WorkerInfo } from '../contract/worker-info.js';
import { hourly, NOON, onSchedulerClock, startApp } from '../../../../test/support/schedulers.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const told = onSchedulerClock();

const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

describe('a worker of an older version', () => {
  /** One with the schedules a and b, and a newer one with a alone, which has declared it. */
  async function superseded() {
    const app = startApp();
    const old = await app.startWorker('v1', [hourly('a'), hourly('b')]);
    // It knows at the next look which slot it has enqueued.
    for (let times = 0; times < 2; times++) await old.scheduler.reconcile();
    pass(SECOND);
    const newer = await app.startWorker('v2', [hourly('a')]);
    told.length = 0;
    await newer.scheduler.reconcile();
    const removals = told.splice(0).filter((line) => line.includes('removed'));
    return { ...app, old, newer, removals };
  }
  const BACK =
    'No worker that booted after this one is live any more (the last was billing v2 on host, process 7): the schedules of this version hold again';

  it('is named with the schedules that it had declared', async () => {
    const { removals, engine, startWorker } = await superseded();
    const removedBy = (who: string) =>
      `Schedule "b": removed by billing ${who} on host, process 7, whose code does not have it; it was declared by`;
    expect(removals).toEqual([`${removedBy('v2')} billing v1 on host, process 7`]);

    const [b] = (await engine.schedules.read()).records.map(({ text }) => text.replaceAll('"a"', '"b"'));
    // As that release did.
    const old = { program: 'billing', title: '', now: Date.now() };
    await engine.schedules.declare({ ...old, schedules: [{ name: 'b', text: b! }] });
    const { scheduler } = await startWorker('v3', []);
    await scheduler.reconcile();
    expect(told).toContain(`${removedBy('v3')} a worker of release 0.1.0`);
  });

  it('goes on with what the newer one has, looks for it often, and says once what is gone', async () => {
    const { old, names, slotOf } = await superseded();
    for (let times = 0; times < 2; times++) expect(await old.scheduler.reconcile()).toBe(5 * SECOND);
    expect(await names()).toEqual(['a']);
    expect([await slotOf('a', HOUR), await slotOf('b', HOUR)]).toEqual(['delayed', undefined]);
    expect(told).toEqual([
      expect.stringMatching(
        /^Schedule "b": removed by billing v2 on host, process 7, which booted after this worker; it is back soon/,
      ),
    ]);
  });

  it('takes over once the newer one has been gone for ten seconds', async () => {
    const { old, newer, names, slotOf } = await superseded();
    await old.scheduler.reconcile();
    newer.goAway();
    await old.scheduler.reconcile();
    pass(10 * SECOND - 1);
    await old.scheduler.reconcile();
    expect(await names()).toEqual(['a']);
    expect(told).not.toContain(BACK);
    pass(1);
    await old.scheduler.reconcile();
    expect(told).toContain(BACK);
    expect(await names()).toEqual(['a', 'b']);
    expect(await slotOf('b', HOUR)).toBe('delayed');
  });

  it('waits as long again when the newer one comes back, or another one boots', async () => {
    const { old, newer, live, startWorker } = await superseded();
    const v2 = live.get('v2')!;
    newer.goAway();
    await old.scheduler.reconcile();
    pass(6 * SECOND);
    live.set('v2', v2);
    await old.scheduler.reconcile();
    newer.goAway();
    await old.scheduler.reconcile();
    pass(6 * SECOND);
    await old.scheduler.reconcile();
    expect(told).not.toContain(BACK);
    pass(4 * SECOND);
    await old.scheduler.reconcile();
    expect(told).toContain(BACK);

    // Gone before anybody has seen it live.
    pass(SECOND);
    const third = await startWorker('v3', [hourly('a')]);
    await third.scheduler.reconcile();
    third.goAway();
    told.length = 0;
    await old.scheduler.reconcile();
    expect(told).toEqual([expect.stringContaining('Schedule "b": removed by billing v3')]);
    pass(10 * SECOND);
    await old.scheduler.reconcile();
    expect(told.join('\n')).toContain('hold again');
  });

  it('counts the slots that passed meanwhile as missed', async () => {
    const { old, newer, store } = await superseded();
    await old.scheduler.reconcile();
    newer.goAway();
    await old.scheduler.reconcile();
    vi.setSystemTime(NOON + 2.5 * HOUR);
    await old.scheduler.reconcile();
    const { schedules } = await store.read();
    const missed = schedules.map(({ spec, lastMissedAt = NOON }) => [spec.name, lastMissedAt - NOON]);
    expect(Object.fromEntries(missed)).toMatchObject({ b: 2 * HOUR });
  });

  it.each<[string, Partial<WorkerInfo>, boolean]>([
    ['itself', { id: 'v1', schedulesBoot: Infinity }, false],
    ['one that shuts down', { draining: true }, false],
    ['one that booted before', { schedulesBoot: NOON }, false],
    ['one of another program', { program: 'shop' }, false],
    ['one that tells of no program', { program: undefined }, false],
    ['one that booted later', {}, true],
    [
      'one of release 0.1.0 that started before',
      { schedulesBoot: undefined, startedAt: new Date(NOON) },
      false,
    ],
    [
      'one of release 0.1.0 that started later',
      { schedulesBoot: undefined, program: undefined, startedAt: new Date(NOON + 2 * MINUTE) },
      true,
    ],
  ])('leaves the schedules to a newer one that lives, and not to %s', async (_what, other, isNewer) => {
    const { old, live } = await superseded();
    live.clear();
    const own = { id: 'x', program: 'billing', schedulesBoot: Infinity, startedAt: new Date(NOON) };
    live.set('other', { ...own, draining: false, ...other });
    await old.scheduler.reconcile();
    pass(10 * SECOND);
    await old.scheduler.reconcile();
    expect(told.includes(BACK)).toBe(!isNewer);
  });
});
