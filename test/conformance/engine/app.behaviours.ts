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
      expect(await engine.queues.usedLimits(['mail'])).toEqual([]);
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

  describe('the history', () => {
    const string = { series: 'k', of: 'send', day: 20_000 } as const;
    const life = { series: 'a', of: '', day: 20_000 } as const;

    it('adds to numbers of a string and sets them, each up to the largest one', async () => {
      const { history } = await makeEngine();
      const add = (index: number, value: number) => ({ act: 'add', index, value }) as const;
      const set = (index: number, value: number) => ({ act: 'set', index, value }) as const;
      const write = (...fields: Parameters<typeof history.write>[0][number]['fields'][number][]) =>
        history.write([{ string, bits: 24, fields, expireIn: 60_000 }]);
      expect(await write(add(1, 5), add(0, 1))).toEqual([[5, 1]]);
      expect(await write(add(1, 2), set(2, 9), set(2, 2 ** 30))).toEqual([[7, 0, 9]]);
      expect(await write(add(1, 2 ** 24))).toEqual([[2 ** 24 - 1]]);
      const [all, part, behind] = await history.read([
        { string, from: 0, to: 1_000 },
        { string, from: 3, to: 6 },
        { string, from: 100, to: 200 },
      ]);
      expect([...all!]).toEqual([0, 0, 1, 255, 255, 255, 255, 255, 255]);
      expect([...part!]).toEqual([255, 255, 255]);
      expect([...behind!]).toEqual([]);
    });

    it('keeps the strings apart, and packs bits as well', async () => {
      const { history } = await makeEngine();
      const mark = (index: number) => ({ act: 'set', index, value: 1 }) as const;
      await history.write([
        { string: life, bits: 1, fields: [mark(0), mark(9)] },
        { string, bits: 32, fields: [{ act: 'add', index: 0, value: 3 }] },
      ]);
      expect(await history.write([{ string: life, bits: 1, fields: [mark(9), mark(10)] }])).toEqual([[1, 0]]);
      const found = await history.read([life, string].map((of) => ({ string: of, from: 0, to: 9 })));
      expect(found.map((bytes) => [...bytes])).toEqual([
        [0b1000_0000, 0b0110_0000],
        [0, 0, 0, 3],
      ]);
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
      await workers.beat(worker);
      await workers.noteVersion(worker);
      await workers.noteVersion({ ...worker, version: '1.4.0' });
      await workers.noteVersion({ ...worker, version: '1.4.0', seenAt: new Date(9_000) });
      expect(await workers.list()).toMatchObject([
        { id: 'one', queues: ['mail'], startedAt: new Date(1_000) },
      ]);
      await workers.noteHandlers(worker);
      expect(await workers.gone()).toEqual([]);
      await workers.remove('one');
      await workers.noteGone(worker);
      const { id, host, pid, libraryVersion, program, queues, running, runningJobs, counts } = worker;
      expect(await workers.gone()).toEqual([
        {
          id,
          host,
          pid,
          libraryVersion,
          program,
          queues,
          running,
          runningJobs,
          counts,
          startedAt: new Date(1_000),
          seenAt: new Date(2_000),
          clean: true,
        },
      ]);
      await Promise.all(
        Array.from({ length: 100 }, (_, n) =>
          workers.noteGone({ ...worker, id: `${n}`, seenAt: new Date(3_000 + n) }),
        ),
      );
      const left = await workers.gone();
      expect([left.length, left[0]!.seenAt, left.at(-1)!.seenAt]).toEqual([
        100,
        new Date(3_099),
        new Date(3_000),
      ]);
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
