import type { WorkerInfo } from '../../../libs/scalr-queue/src/contract/worker-info.js';
import { KEPT_ACTS } from '../../../libs/scalr-queue/src/engine/audit-records.js';
import { ANY_NAME } from '../../../libs/scalr-queue/src/engine/job-type.js';
import { added, jobOf, kill, type MakeEngine } from './engine.js';

/** Queues, kinds of jobs and workers as a whole. */
export function appBehaviours(makeEngine: MakeEngine): void {
  describe('a queue', () => {
    it('tells how full it is, what comes next and since when the oldest job waits', async () => {
      const engine = await makeEngine({ mail: {} });
      const old = jobOf({ options: { timestamp: Date.now() - 5_000 } });
      await added(engine, old, jobOf({ name: 'print', options: { delay: 60_000 } }));
      await kill(engine, (await added(engine, jobOf()))[0]!);
      const [state] = await engine.queues.states(['mail']);
      expect(state).toMatchObject({
        name: 'mail',
        waiting: 1,
        delayed: 1,
        running: 0,
        dead: 1,
        paused: false,
      });
      expect(state!.nextJobs.toSorted()).toEqual(['print', 'send']);
      expect(state!.oldestPendingAgeMs).toBeGreaterThanOrEqual(5_000);
      expect(engine.queues.names()).toContain('mail');
    });

    it('has no age while nothing waits that could have run, nor when the clock of who enqueued is ahead', async () => {
      const engine = await makeEngine({ mail: {} });
      const ageOf = async () => (await engine.queues.states(['mail']))[0]!.oldestPendingAgeMs;
      expect(await ageOf()).toBe(0);
      await added(engine, jobOf({ options: { delay: 60_000 } }));
      expect(await ageOf()).toBe(0);
      await added(engine, jobOf({ options: { timestamp: Date.now() + 60_000 } }));
      expect(await ageOf()).toBe(0);
    });

    it('is held and let go, and has limits over all workers', async () => {
      const engine = await makeEngine();
      await engine.queues.pause('mail');
      expect((await engine.queues.states(['mail']))[0]).toMatchObject({ paused: true });
      await engine.queues.resume('mail');
      expect((await engine.queues.states(['mail']))[0]).toMatchObject({ paused: false });
      await engine.queues.writeLimits('mail');
      expect(await engine.queues.limitsOf('mail')).toEqual({ rateLimitedFor: 0 });
    });

    it('answers no ping without a worker, and keeps nothing of it', async () => {
      const engine = await makeEngine();
      expect(await engine.queues.ping('mail', 50)).toBeUndefined();
      expect((await engine.queues.states(['mail']))[0]).toMatchObject({ waiting: 0, delayed: 0 });
    });
  });

  describe('the mark of the store', () => {
    it('is that of who marked it first', async () => {
      const { epoch } = await makeEngine();
      expect(await epoch.read()).toBeUndefined();
      expect(await epoch.mark('one')).toBe('one');
      expect(await epoch.mark('two')).toBe('one');
      expect(await epoch.read()).toBe('one');
    });
  });

  describe('the acts on the app', () => {
    it('are kept in their order, and read from the newest on, a page at a time', async () => {
      const { audit } = await makeEngine();
      expect(await audit.page(10)).toEqual([]);
      for (const text of ['first', 'second', 'third']) await audit.append(text);
      const page = await audit.page(2);
      expect(page.map(({ text }) => text)).toEqual(['third', 'second']);
      expect(page[0]!.id).toMatch(/^\d+-\d+$/);
      expect((await audit.page(2, page[1]!.id)).map(({ text }) => text)).toEqual(['first']);
    });

    it('do not grow without end', async () => {
      const { audit } = await makeEngine();
      await Promise.all(Array.from({ length: KEPT_ACTS + 500 }, (_, n) => audit.append(`act ${n}`)));
      const kept = await audit.page(KEPT_ACTS + 500);
      expect(kept[0]!.text).toBe(`act ${KEPT_ACTS + 499}`);
      expect(kept.length).toBeGreaterThanOrEqual(KEPT_ACTS);
      expect(kept.length).toBeLessThan(KEPT_ACTS + 500);
    });
  });

  describe('the kinds of jobs', () => {
    it('are known to this process at once, and to the app', async () => {
      const { types } = await makeEngine();
      types.record({ name: 'send', queue: 'mail' });
      types.recordQueue('foreign');
      expect(types.knows('send')).toBe(true);
      expect(types.knows('print')).toBe(false);
      types.record({ name: 'send', queue: 'letters' });
      expect(['mail', 'letters']).toContain(types.queueOf('send'));
      expect(await types.formerQueues({ name: 'send', queue: 'letters' })).toEqual(['mail']);
      const entries = await types.entries(0);
      expect(entries).toContainEqual({ name: ANY_NAME, queue: 'foreign' });
      expect(entries).toHaveLength(3);
    });
  });

  describe('the workers', () => {
    const worker: WorkerInfo = {
      id: 'one',
      host: 'host',
      pid: 7,
      libraryVersion: '1.0.0',
      program: 'billing',
      handled: [{ name: 'send', queue: 'mail' }],
      queues: ['mail'],
      jobs: ['send'],
      catchAllQueues: [],
      running: 0,
      runningJobs: [],
      counts: [],
      draining: false,
      startedAt: new Date(1_000),
      seenAt: new Date(2_000),
    };

    it('live from their heartbeat to their goodbye, and are remembered for what they handled', async () => {
      const { workers } = await makeEngine();
      expect(await workers.list()).toEqual([]);
      await workers.beat({ ...worker, version: '1.4.0' });
      expect(await workers.list()).toMatchObject([
        { id: 'one', queues: ['mail'], startedAt: new Date(1_000) },
      ]);
      await workers.noteHandlers(worker);
      await workers.remove('one');
      expect(await workers.list()).toEqual([]);
      expect(await workers.lost()).toEqual([]);
      expect(await workers.versions()).toEqual([{ version: '1.4.0', firstSeenAt: new Date(2_000) }]);
      const [known, unknown] = await workers.withLastHandler([
        { name: 'send', queue: 'mail' },
        { name: 'print', queue: 'mail' },
      ]);
      expect(known?.lastHandledBy?.worker).toBe('billing on host, process 7');
      expect(unknown).toEqual({ name: 'print', queue: 'mail' });
    });
  });
}
