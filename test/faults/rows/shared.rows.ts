import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../support/eventually.js';
import { AppProcess } from '../../support/processes.js';
import { otherClock, settableClock } from '../harness/other-clock.js';
import { pause } from '../harness/pause.js';
import { type FaultRow, NotRunHere } from '../harness/row.js';
import { startSentinels } from '../harness/sentinels.js';
import { mostAtATime, mostWithin, readGrants } from '../harness/shared-grants.js';
import type { Stage } from '../harness/stage.js';

const script = fileURLToPath(new URL('../apps/shared.mjs', import.meta.url));
/** Boots of many processes at a time. */
const BOOT = 180_000;
const PROCESSES = 50;
const CALLS = 700;
const LEASE = 3_000;

const LIMITERS = [
  { bucket: { capacity: 200, refill: 100, per: '1s' } },
  { window: { max: 100, per: '1s' } },
  { concurrent: { max: 5, lease: '60s' } },
];

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
      for (const limiter of LIMITERS) notes.push(await crowd(stage, redis.url, limiter, PROCESSES, CALLS));
      return { note: notes.join('; ') };
    },
  },
  {
    id: 96,
    name: 'six processes call one limiter, 600 times for each kind',
    requirement: 'never above the limit, as counted outside of Redis',
    quick: true,
    async run(stage) {
      const redis = await stage.redis();
      const notes: string[] = [];
      for (const limiter of LIMITERS) notes.push(await crowd(stage, redis.url, limiter, 6, 100));
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
      const first = await start(stage, redis.url, { role: 'hold', lease: LEASE, database: database.url });
      const fence = await heldBy(first);
      const second = await start(stage, redis.url, { role: 'hold', lease: LEASE, database: database.url });
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
      const first = await start(stage, redis.url, { role: 'hold', lease: LEASE, database: database.url });
      const fence = await heldBy(first);
      const second = await start(stage, redis.url, { role: 'hold', lease: LEASE, database: database.url });
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
      const master = await stage.redis();
      const replica = await stage.redis({ args: ['--replicaof', '127.0.0.1', String(master.port)] });
      await eventually(
        async () => expect(await replica.cli('info', 'replication')).toContain('master_link_status:up'),
        { timeout: 20_000 },
      );
      const sentinels = await startSentinels(stage, master.port, 2_000);
      const database = await fencedDatabase(stage);
      const settings = { role: 'hold', lease: LEASE, database: database.url };
      const target = { sentinels, name: 'main' };
      const first = await start(stage, target, settings);
      const fence = await heldBy(first);
      const second = await start(stage, target, settings);
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
      const holder = await start(stage, redis.url, settings, clock.env);
      const fence = await heldBy(holder);
      for (const offset of ['+3600s', '-3600s']) {
        await clock.set(offset);
        await pause(2 * LEASE);
        expect(holder.output).not.toMatch(/aborted|lost/);
      }
      const second = await start(stage, redis.url, settings);
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
      const hearer = await start(stage, redis.url, { role: 'hear', out });
      const teller = await start(stage, redis.url, { role: 'tell' });
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

/** So many processes call a limiter so often each. @returns what was seen */
async function crowd(stage: Stage, redis: string, limiter: object, processes: number, calls: number) {
  const [kind = ''] = Object.keys(limiter);
  const files = Array.from({ length: processes }, (_, at) => join(stage.dir, `${kind}-${at}`));
  const app = `${stage.app}-${kind}`;
  const started = await Promise.all(
    files.map((out) => start(stage, redis, { role: 'limit', app, limiter, calls, out })),
  );
  await Promise.all(started.map((one) => one.waitForOutput(/^done$/m, 300_000)));
  const grants = (await Promise.all(files.map(readGrants))).flat();
  const most = kind === 'concurrent' ? mostAtATime(grants) : mostWithin(grants, 999);
  const limit = kind === 'concurrent' ? 5 : kind === 'window' ? 100 : 300;
  expect(most).toBeLessThanOrEqual(limit);
  expect(most).toBeGreaterThan(0);
  return `${kind}: ${processes * calls} calls, ${grants.length} granted, at most ${most} of ${limit}`;
}

async function start(
  stage: Stage,
  redis: unknown,
  settings: Record<string, unknown>,
  env: Record<string, string> = {},
): Promise<AppProcess> {
  const config = { app: stage.app, redis, ...settings };
  const process = await AppProcess.start({
    script,
    name: String(settings['role']),
    env: { NO_COLOR: '1', FAULT_CONFIG: JSON.stringify(config), ...env },
  });
  stage.onClose(() => process.kill());
  await process.waitForOutput(/^up$/m, BOOT);
  return process;
}

const heldBy = async (process: AppProcess, timeout?: number): Promise<number> =>
  Number((await process.waitForOutput(/held (\d+)/, timeout))[1]);

const toldBy = ({ output }: AppProcess): number =>
  Number([...output.matchAll(/told (\d+)\./g)].at(-1)?.[1] ?? -1);

/** Takes a write only with the largest fence that it has seen, as a statement with `where fence <= $1` does. */
async function fencedDatabase(stage: Stage) {
  let largest = 0;
  const accepted: number[] = [];
  const server = createServer((request, response) => {
    const fence = Number(request.url?.slice(1));
    response.statusCode = fence >= largest ? 200 : 409;
    largest = Math.max(largest, fence);
    if (response.statusCode === 200) accepted.push(fence);
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stage.onClose(async () => void server.close());
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fence: () => largest,
    accepted,
  };
}
