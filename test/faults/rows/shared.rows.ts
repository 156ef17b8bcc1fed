import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../../support/eventually.js';
import { otherClock, settableClock } from '../harness/other-clock.js';
import { pause } from '../harness/pause.js';
import { type FaultRow, NotRunHere } from '../harness/row.js';
import { startReplicated } from '../harness/sentinels.js';
import { crowd, fencedDatabase, heldBy, LIMITERS, startShared, toldBy } from '../harness/shared-processes.js';

const PROCESSES = 50;
const CALLS = 700;
const LEASE = 3_000;

/** What processes share: limits, locks and events. */
export const sharedRows: FaultRow[] = [
  {
    id: 90,
    name: '50 processes call one limiter, 35,000 times for each kind',
    requirement: 'never above the limit, as counted outside of Redis',
    quick: false,
    alone: true,
    patience: 900,
    async run(stage) {
      const redis = await stage.redis();
      const notes: string[] = [];
      for (const limiter of LIMITERS)
        notes.push(await crowd(stage, redis.url, { limiter, processes: PROCESSES, calls: CALLS }));
      return { note: notes.join('; ') };
    },
  },
  {
    id: 96,
    name: 'six processes call one limiter, 600 times for each kind',
    requirement: 'never above the limit, as counted outside of Redis',
    quick: true,
    patience: 120,
    async run(stage) {
      const redis = await stage.redis();
      const notes: string[] = [];
      for (const limiter of LIMITERS)
        notes.push(await crowd(stage, redis.url, { limiter, processes: 6, calls: 100 }));
      return { note: notes.join('; ') };
    },
  },
  {
    id: 91,
    name: 'the holder of a lock stopped for longer than its lease',
    requirement:
      'another holds it after the lease, with a larger fence; the database refuses the late write; the signal aborts when the first goes on',
    quick: true,
    async run(stage) {
      const redis = await stage.redis();
      const database = await fencedDatabase(stage);
      const first = await startShared(stage, redis.url, {
        role: 'hold',
        lease: LEASE,
        database: database.url,
      });
      const fence = await heldBy(first);
      const second = await startShared(stage, redis.url, {
        role: 'hold',
        lease: LEASE,
        database: database.url,
      });
      first.signal('SIGSTOP');
      const stoppedAt = Date.now();
      const larger = await heldBy(second);
      expect(larger).toBeGreaterThan(fence);
      await eventually(() => expect(database.fence()).toBe(larger));
      const late = await fetch(`${database.url}/${fence}`, { method: 'PUT' });
      expect(late.status).toBe(409);
      first.signal('SIGCONT');
      await first.waitForOutput(/aborted LEASE_LOST/);
      await first.waitForOutput(/lost LEASE_LOST/);
      expect(database.fence()).toBe(larger);
      return { resumeMs: Date.now() - stoppedAt };
    },
  },
  {
    id: 92,
    name: 'the holder of a lock killed',
    requirement: 'another holds it within the lease and 2 s, with a larger fence',
    quick: true,
    async run(stage) {
      const redis = await stage.redis();
      const database = await fencedDatabase(stage);
      const first = await startShared(stage, redis.url, {
        role: 'hold',
        lease: LEASE,
        database: database.url,
      });
      const fence = await heldBy(first);
      const second = await startShared(stage, redis.url, {
        role: 'hold',
        lease: LEASE,
        database: database.url,
      });
      const killedAt = Date.now();
      await first.kill();
      expect(await heldBy(second)).toBeGreaterThan(fence);
      const resumeMs = Date.now() - killedAt;
      expect(resumeMs).toBeLessThan((LEASE + 2_000) * 1.5);
      return { resumeMs };
    },
  },
  {
    id: 93,
    name: 'sentinels promote a replica while a lock is held',
    requirement:
      'whoever holds it afterwards has a larger fence; the one before is refused or goes on, never both',
    quick: false,
    patience: 120,
    async run(stage) {
      const { master, target } = await startReplicated(stage, 2_000);
      const database = await fencedDatabase(stage);
      const settings = { role: 'hold', lease: LEASE, database: database.url };
      const first = await startShared(stage, target, settings);
      const fence = await heldBy(first);
      const second = await startShared(stage, target, settings);
      const killedAt = Date.now();
      await master.kill();
      expect(await heldBy(second, 60_000)).toBeGreaterThan(fence);
      await first.waitForOutput(/aborted LEASE_LOST/);
      const resumeMs = Date.now() - killedAt;
      expect(database.accepted).toEqual(database.accepted.toSorted((one, other) => one - other));
      return { resumeMs };
    },
  },
  {
    id: 94,
    needs: ['libfaketime'],
    name: 'the clock of the holder of a lock jumps by an hour, and back',
    requirement: 'it keeps the lock: only the time of Redis and lengths of time count',
    quick: false,
    async run(stage) {
      if (!(await otherClock({}))) throw new NotRunHere('needs libfaketime');
      const redis = await stage.redis();
      const database = await fencedDatabase(stage);
      const clock = await settableClock(stage, '+0s');
      const settings = { role: 'hold', lease: LEASE, database: database.url };
      const holder = await startShared(stage, redis.url, settings, clock.env);
      const fence = await heldBy(holder);
      for (const offset of ['+3600s', '-3600s']) {
        await clock.set(offset);
        await pause(2 * LEASE);
        expect(holder.output).not.toMatch(/aborted|lost/);
      }
      const second = await startShared(stage, redis.url, settings);
      await holder.kill();
      expect(await heldBy(second)).toBeGreaterThan(fence);
      return {};
    },
  },
  {
    id: 95,
    name: 'Redis away for 20 s while one process broadcasts to another',
    requirement: 'every event that was acknowledged is heard, in order, without a gap',
    quick: false,
    async run(stage) {
      const redis = await stage.redis();
      const out = join(stage.dir, 'heard');
      const hearer = await startShared(stage, redis.url, { role: 'hear', out });
      const teller = await startShared(stage, redis.url, { role: 'tell' });
      await teller.waitForOutput(/told 10\./);
      await redis.kill();
      await pause(20_000);
      await redis.restart();
      const restartedAt = Date.now();
      const before = toldBy(teller);
      await eventually(() => expect(toldBy(teller)).toBeGreaterThan(before + 10), { timeout: 30_000 });
      await teller.kill();
      const last = toldBy(teller);
      const heard = async () => (await readFile(out, 'utf8')).trim().split('\n').map(Number);
      await eventually(async () => expect((await heard()).at(-1)).toBeGreaterThanOrEqual(last));
      // Said again where there was no answer: an event may be heard twice, and none is left out.
      expect([...new Set(await heard())].slice(0, last + 1)).toEqual(
        Array.from({ length: last + 1 }, (_, n) => n),
      );
      expect(hearer.output).not.toContain('gap');
      return { resumeMs: Date.now() - restartedAt };
    },
  },
];
