import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../../support/eventually.js';
import type { FaultRow } from '../harness/row.js';
import { startReplicated } from '../harness/sentinels.js';
import {
  fencedDatabase,
  heldBy,
  LIMITERS,
  startShared,
  toldBy,
  wipedCrowd,
} from '../harness/shared-processes.js';

const LEASE = 3_000;

/** What processes share, when Redis loses it. */
export const sharedLossRows: FaultRow[] = [
  {
    id: 97,
    name: 'sentinels promote a replica while one process broadcasts to another',
    requirement:
      'every event that was acknowledged is heard, in order, but for what the old master took last and gave to nobody; the connection finds the new one',
    quick: false,
    patience: 120,
    async run(stage) {
      const { master, target } = await startReplicated(stage, 2_000);
      const out = join(stage.dir, 'heard');
      await startShared(stage, target, { role: 'hear', out });
      const teller = await startShared(stage, target, { role: 'tell' });
      await teller.waitForOutput(/told 20\./);
      await master.kill();
      const killedAt = Date.now();
      const before = toldBy(teller);
      await teller.waitForOutput(new RegExp(`told ${before + 20}\\.`), 60_000);
      const resumeMs = Date.now() - killedAt;
      await teller.kill();
      const last = toldBy(teller);
      const heard = async () => (await readFile(out, 'utf8')).trim().split('\n').map(Number);
      await eventually(async () => expect((await heard()).at(-1)).toBeGreaterThanOrEqual(last), {
        timeout: 30_000,
      });
      // Said again where there was no answer: an event may be heard twice.
      const once = [...new Set(await heard())].filter((n) => n <= last);
      expect(once).toEqual(once.toSorted((one, other) => one - other));
      const missing = Array.from({ length: last + 1 }, (_, n) => n).filter((n) => !once.includes(n));
      // The one on its way to the replica, and to the process, as the master died.
      expect(missing.filter((n) => n !== before && n !== before + 1)).toEqual([]);
      return { resumeMs, note: `${last + 1} events, ${missing.length} lost with the master` };
    },
  },
  {
    id: 98,
    name: 'FLUSHALL while a lock is held and waited for',
    requirement:
      'whoever waits holds it then, with a larger fence; the signal of the one before aborts, and the database refuses what it writes meanwhile',
    quick: true,
    async run(stage) {
      const redis = await stage.redis();
      const database = await fencedDatabase(stage);
      const settings = { role: 'hold', lease: LEASE, database: database.url };
      const first = await startShared(stage, redis.url, settings);
      const fence = await heldBy(first);
      const second = await startShared(stage, redis.url, settings);
      const wipedAt = Date.now();
      await redis.cli('flushall');
      const larger = await heldBy(second);
      const resumeMs = Date.now() - wipedAt;
      expect(larger).toBeGreaterThan(fence);
      await eventually(() => expect(database.fence()).toBe(larger));
      expect((await fetch(`${database.url}/${fence}`, { method: 'PUT' })).status).toBe(409);
      await first.waitForOutput(/lost LEASE_LOST/);
      expect(first.output).toContain('aborted LEASE_LOST');
      expect(database.accepted).toEqual(database.accepted.toSorted((one, other) => one - other));
      return { resumeMs };
    },
  },
  {
    id: 99,
    name: 'FLUSHALL while four processes call one limiter, 16,000 times for each kind',
    requirement:
      'never above the limit before, and never above it after: a limiter starts anew, with at most twice its limit over the wipe',
    quick: false,
    alone: true,
    patience: 180,
    async run(stage) {
      const redis = await stage.redis();
      const notes: string[] = [];
      for (const limiter of LIMITERS)
        notes.push(await wipedCrowd(stage, redis, { limiter, processes: 4, calls: 4_000 }));
      return { note: notes.join('; ') };
    },
  },
];
