import type { Candidate } from '../../../libs/scalr-queue/src/engine/schedule-records.js';
import { jobOf, type MakeEngine, placeOf, stateOf } from './engine.js';

const NOW = 1_800_000_000_000;
const TEXT = 'v1 {"every":60000}';

/** The stored schedules, and the jobs of their slots. */
export function scheduleBehaviours(makeEngine: MakeEngine): void {
  const declaration = (schedules: Record<string, string>, more: { boot?: number; now?: number } = {}) => ({
    program: 'billing',
    title: 'billing 1.0.0 on host, process 7',
    now: NOW,
    schedules: Object.entries(schedules).map(([name, text]) => ({ name, text })),
    ...more,
  });
  const candidate = (more: Partial<Candidate> = {}): Candidate => ({
    schedule: 'nightly',
    revision: 'v1',
    slot: NOW + 60_000,
    late: false,
    once: false,
    manual: false,
    queue: 'mail',
    storedId: 'send~slot',
    taken: false,
    ...more,
  });

  describe('the schedules', () => {
    it('are those of the worker that booted last, which is told what it changed', async () => {
      const { schedules } = await makeEngine();
      expect((await schedules.read()).bootOf('billing')).toBe(0);
      const first = await schedules.declare(declaration({ nightly: TEXT, hourly: TEXT }));
      expect(first).toEqual({ boot: NOW, withdrawn: [] });
      await schedules.note('nightly', 'lastSlot', 3);
      await schedules.note('hourly', 'lastSlot', 7);
      const second = await schedules.declare(declaration({ nightly: 'v2' }));
      expect(second.boot).toBe(NOW + 1);
      const by = declaration({}).title;
      expect(second.withdrawn.toSorted((a, b) => a.lastSlot - b.lastSlot)).toEqual([
        { text: TEXT, lastSlot: 3, by },
        { text: TEXT, lastSlot: 7, by },
      ]);
      // The first worker says again what it has, and is not heard.
      expect(await schedules.declare(declaration({ nightly: TEXT }, { boot: first.boot }))).toMatchObject({
        withdrawn: [],
      });
      const table = await schedules.read();
      expect(table.records).toEqual([{ name: 'nightly', text: 'v2', paused: false }]);
      expect([table.bootOf('billing'), table.declaredBy]).toEqual([NOW + 1, by]);
    });

    it('begin anew when they change, and go on when they do not', async () => {
      const { schedules } = await makeEngine();
      await schedules.declare(declaration({ nightly: TEXT, hourly: TEXT }));
      for (const name of ['nightly', 'hourly']) await schedules.note(name, 'lastSlot', 7);
      for (const name of ['nightly', 'hourly']) await schedules.note(name, 'succeeded', 5);
      const { withdrawn } = await schedules.declare(declaration({ nightly: 'v2', hourly: TEXT }));
      expect(withdrawn).toMatchObject([{ text: TEXT, lastSlot: 7 }]);
      const { records } = await schedules.read();
      expect(records.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
        { name: 'hourly', text: TEXT, paused: false, lastSlot: 7, lastSuccessAt: 5 },
        { name: 'nightly', text: 'v2', paused: false, lastSuccessAt: 5 },
      ]);
    });

    it('remember how far they are', async () => {
      const { schedules } = await makeEngine();
      await schedules.declare(declaration({ nightly: TEXT }));
      await schedules.note('nightly', 'succeeded', 1);
      await schedules.note('nightly', 'missed', 2);
      await schedules.note('nightly', 'lastSlot', 3);
      await schedules.note('nightly', 'paused', 4);
      const [noted] = (await schedules.read()).records;
      expect(noted).toMatchObject({ paused: true, lastSuccessAt: 1, lastMissedAt: 2, lastSlot: 3 });
      await schedules.note('nightly', 'lastSlot');
      await schedules.note('nightly', 'paused');
      const [forgotten] = (await schedules.read()).records;
      expect(forgotten).toMatchObject({ paused: false, lastMissedAt: 2 });
      expect(forgotten).not.toHaveProperty('lastSlot');
    });

    it('let a job start, or say why not', async () => {
      const engine = await makeEngine();
      const { schedules } = engine;
      const verdictOf = async (more: Partial<Candidate> = {}) =>
        (await schedules.admit(candidate(more), NOW + 60_000)).verdict;
      expect(await verdictOf()).toBe('removed');
      expect(await verdictOf({ manual: true })).toBe('run');
      await schedules.declare(declaration({ nightly: TEXT }));
      const job = jobOf({ id: 'slot' });
      await engine.intake.add(job);
      expect(await schedules.admit(candidate({ revision: 'v0' }), NOW)).toEqual({
        verdict: 'changed',
        text: TEXT,
      });
      expect(await verdictOf({ late: true, storedId: 'send~late' })).toBe('missed');
      expect(await verdictOf()).toBe('run');
      expect(await verdictOf()).toBe('again');
      expect(await verdictOf({ late: true, once: true, storedId: 'send~other' })).toBe('covered');
      await schedules.note('nightly', 'paused', NOW);
      expect(await verdictOf({ storedId: 'send~third' })).toBe('paused');
      expect((await schedules.read()).records[0]).toMatchObject({
        lastMissedAt: NOW + 60_000,
        lastRunAt: NOW + 60_000,
        covered: NOW + 60_000,
      });
    });
  });

  describe('the slots of a schedule', () => {
    it('are remembered with how they ended, the last thirty, and the last that is said of one holds', async () => {
      const { schedules } = await makeEngine();
      const first = Array.from({ length: 20 }, (_, n) => ({ slot: NOW + n, outcome: 'missed' as const }));
      await schedules.noteSlots('nightly', first, true);
      await schedules.noteSlots('nightly', [{ slot: NOW + 19, outcome: 'failed' }], false);
      await schedules.noteSlots('nightly', [{ slot: NOW + 19, outcome: 'missed' }], true);
      await schedules.noteSlots('nightly', [], false);
      const [ended, none] = await schedules.endedSlots(['nightly', 'hourly']);
      expect(ended).toEqual([...first.slice(0, 19), { slot: NOW + 19, outcome: 'failed' }]);
      expect(none).toEqual([]);
      const more = Array.from({ length: 15 }, (_, n) => ({ slot: NOW + 100 + n, outcome: 'ok' as const }));
      await schedules.noteSlots('nightly', more.toReversed(), false);
      expect((await schedules.endedSlots(['nightly']))[0]).toEqual([...ended!.slice(5), ...more]);
      expect(await schedules.endedSlots([])).toEqual([]);
    });
  });

  describe('the job of a slot', () => {
    it('is added once with its note, and can be taken back before it runs', async () => {
      const engine = await makeEngine();
      await engine.schedules.declare(declaration({ nightly: TEXT }));
      const job = jobOf({ options: { delay: 60_000 } });
      for (let times = 0; times < 2; times++) await engine.intake.addSlot(job, 'nightly', 42);
      expect((await engine.schedules.read()).records[0]).toMatchObject({ lastSlot: 42 });
      expect((await engine.queues.states(['mail']))[0]).toMatchObject({ delayed: 1 });
      await engine.jobs.remove(placeOf(job));
      await engine.jobs.remove(placeOf(job));
      expect(await stateOf(engine, job)).toBeUndefined();
    });
  });
}
