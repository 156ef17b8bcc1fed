import { Redis } from 'ioredis';
import { eventually } from '../../support/eventually.js';
import {
  appetite,
  enqueued,
  expectRefused,
  finished,
  heals,
  inDoubt,
  inState,
  started,
  within,
} from '../harness/expectations.js';
import { pause } from '../harness/pause.js';
import { type FaultRow, SLACK } from '../harness/row.js';
import type { Stage } from '../harness/stage.js';
import type { WorkerProcess } from '../harness/worker.process.js';

/** What a worker may use while Redis refuses: it must not spin. */
const MOST_CPU = 0.2;
const MOST_LINES = 1;

async function expectModest(worker: WorkerProcess, ms: number): Promise<string> {
  const before = worker.process.output.length;
  const { cpu, lines } = await appetite(worker, ms);
  const sample = worker.logSince(before).slice(0, 3).join(' | ');
  expect(cpu, 'share of a core while Redis refuses').toBeLessThan(MOST_CPU);
  expect(lines, `lines of log a second while Redis refuses: ${sample}`).toBeLessThanOrEqual(
    MOST_LINES * SLACK,
  );
  return `${(cpu * 100).toFixed(1)} % of a core, ${lines.toFixed(2)} lines/s`;
}

async function both(stage: Stage, args: string[] = []) {
  const redis = await stage.redis({ args });
  const producer = await stage.producer(redis.url);
  const worker = await stage.worker(redis.url).then((booting) => booting.ready());
  return { redis, producer, worker };
}

/** Redis is well and says no. */
export const refusalRows: FaultRow[] = [
  {
    id: 25,
    name: 'out of memory when enqueueing',
    requirement: 'QueueFullError in 50 ms; heals in 2 s; none lost',
    quick: true,
    async run(stage) {
      const redis = await stage.redis();
      const producer = await stage.producer(redis.url);
      await enqueued(producer);
      await redis.cli('config', 'set', 'maxmemory', '1mb');
      const refused = await producer.enqueue();
      expectRefused(refused, 'QUEUE_FULL', 50);
      await redis.cli('config', 'set', 'maxmemory', '0');
      return { longestMs: refused.ms, resumeMs: await heals(producer, 2_000) };
    },
  },
  {
    id: 26,
    name: 'out of memory for 15 s while a worker runs',
    requirement: '1 line/s, 20 % of a core; the running job completes; the first job in 5 s of relief',
    quick: true,
    async run(stage) {
      const { redis, producer, worker } = await both(stage);
      const running = await enqueued(producer, { do: 'hold', ms: 3_000 });
      await started(stage, running);
      await redis.cli('config', 'set', 'maxmemory', '1mb');
      const note = await expectModest(worker, 15_000);
      await inState(producer, running, 'completed');
      await redis.cli('config', 'set', 'maxmemory', '0');
      const reliefAt = Date.now();
      await heals(producer, 2_000);
      await eventually(() => stage.ledger.firstFinishAfter(reliefAt), { timeout: 5_000 * SLACK });
      const resumeMs = stage.ledger.firstFinishAfter(reliefAt) - reliefAt;
      expect(stage.ledger.of('start', running)).toHaveLength(1);
      return { resumeMs, note };
    },
  },
  {
    id: 27,
    name: 'an eviction policy that deletes jobs',
    requirement: 'one clear sentence with the cure; strict mode is not ready',
    quick: false,
    async run(stage) {
      const redis = await stage.redis({ args: ['--maxmemory-policy', 'allkeys-lru'] });
      const lax = await stage.worker(redis.url).then((worker) => worker.ready());
      await lax.process.waitForOutput(
        /JOBS CAN BE LOST: maxmemory-policy is allkeys-lru.*--maxmemory-policy noeviction/,
      );
      expect(lax.process.output.match(/JOBS CAN BE LOST/g)).toHaveLength(1);
      const strict = await stage.worker(redis.url, { strict: true });
      await strict.process.waitForOutput(/not ready until it is fixed/);
      expect(await strict.status()).toBe(503);
      await redis.cli('config', 'set', 'maxmemory-policy', 'noeviction');
      const mendedAt = Date.now();
      await strict.ready();
      return { resumeMs: Date.now() - mendedAt };
    },
  },
  {
    id: 29,
    name: 'READONLY: the master is made a replica for 8 s, then promoted',
    requirement:
      'refused or in doubt; 1 line/s, 20 % of a core; resumes in 2 s of promotion, the running job completes after one run',
    quick: false,
    async run(stage) {
      const { redis, producer, worker } = await both(stage);
      const other = await stage.redis();
      const running = await enqueued(producer, { do: 'hold', ms: 2_000 });
      await started(stage, running);
      // A master that never answers: the data stays.
      other.freeze();
      await redis.cli('replicaof', '127.0.0.1', String(other.port));
      const refused = await producer.enqueue();
      expect(['QUEUE_UNAVAILABLE', 'OUTCOME_UNKNOWN']).toContain(refused.code);
      const note = await expectModest(worker, 8_000);
      await redis.cli('replicaof', 'no', 'one');
      const promotedAt = Date.now();
      await heals(producer, 2_000);
      await eventually(() => stage.ledger.firstFinishAfter(promotedAt), { timeout: 10_000 });
      const resumeMs = stage.ledger.firstFinishAfter(promotedAt) - promotedAt;
      await inState(producer, running, 'completed');
      expect(stage.ledger.of('start', running)).toHaveLength(1);
      expect(resumeMs).toBeLessThanOrEqual(2_000 * SLACK);
      return { longestMs: refused.ms, resumeMs, note };
    },
  },
  {
    id: 32,
    name: 'BUSY: the script of another app never ends',
    requirement: 'calls settle in 1.1 s; not ready; heals after SCRIPT KILL',
    quick: true,
    async run(stage) {
      const { redis, producer, worker } = await both(stage);
      const endless = redis.cli('eval', 'while true do end', '0').catch(() => 'killed');
      const first = await inDoubt(producer);
      await within(5_000, async () => expect(await worker.status()).toBe(503));
      const note = await expectModest(worker, 6_000);
      const later = await producer.enqueue();
      expectRefused(later, 'QUEUE_UNAVAILABLE', 50);
      await redis.cli('script', 'kill');
      await endless;
      const killedAt = Date.now();
      const resumeMs = await heals(producer, 2_000);
      await eventually(() => stage.ledger.firstFinishAfter(killedAt));
      await worker.ready(7_500);
      return { longestMs: Math.max(first.ms, later.ms), resumeMs, note };
    },
  },
  {
    id: 65,
    name: 'maxclients reached',
    requirement: 'an error in the log; at most 2 attempts to connect a second and process; heals',
    quick: false,
    async run(stage) {
      const redis = await stage.redis();
      const admin = new Redis(redis.url);
      stage.onClose(async () => admin.disconnect());
      await admin.config('SET', 'maxclients', 2);
      // It takes the last place.
      const holder = await stage.producer(redis.url);
      await heals(holder, 2_000);
      const [web, work] = [await stage.proxy(redis.port), await stage.proxy(redis.port)];
      const producer = await stage.producer(web.url);
      const worker = await stage.worker(work.url).then((booting) => booting.live());
      await producer.enqueue();
      // The first attempts come soon after one another; then they settle.
      await pause(2_000);
      const [before, begin] = [[web.connections, work.connections], Date.now()];
      const refused = await producer.enqueue();
      expectRefused(refused, 'QUEUE_UNAVAILABLE', 50);
      for (const { process } of [producer, worker])
        await process.waitForOutput(/max number of clients|ECONNRESET|EPIPE/);
      await pause(6_000);
      const seconds = (Date.now() - begin) / 1_000;
      const rates = [web, work].map(({ connections }, i) => (connections - before[i]!) / seconds);
      // Nothing here gets slower on a busy machine but the count, which gets smaller.
      for (const rate of rates) expect(rate).toBeLessThanOrEqual(2);
      await admin.config('SET', 'maxclients', 100);
      const relievedAt = Date.now();
      const resumeMs = await heals(producer, 3_000);
      await finished(stage, await enqueued(producer));
      await worker.ready();
      const [producing, working] = rates.map((rate) => rate.toFixed(2));
      return {
        longestMs: refused.ms,
        resumeMs: Math.max(resumeMs, stage.ledger.firstFinishAfter(relievedAt) - relievedAt),
        note: `attempts/s: ${producing} of a producer, ${working} of a worker`,
      };
    },
  },
];
