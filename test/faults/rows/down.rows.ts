import { eventually } from '../../support/eventually.js';
import { freePort } from '../../support/ports.js';
import type { RedisOptions } from '../../support/redis.js';
import {
  enqueued,
  expectRefused,
  finished,
  heals,
  inState,
  started,
  within,
} from '../harness/expectations.js';
import { type FaultRow, SLACK } from '../harness/row.js';
import { memoryDisk } from '../harness/memory-disk.js';
import { pause } from '../harness/pause.js';
import type { Stage } from '../harness/stage.js';
import { underLoad } from '../harness/under-load.js';

/** Redis is not there. */
export const downRows: FaultRow[] = [
  {
    id: 1,
    name: 'Redis down at the boot of a producer',
    requirement: 'boots; refuses in 50 ms; not ready; heals in 2 s, ready in 5 s',
    quick: true,
    async run(stage) {
      const port = await freePort();
      const producer = await stage.producer(`redis://127.0.0.1:${port}`);
      await producer.enqueue();
      const refused = await producer.enqueue();
      expectRefused(refused, 'QUEUE_UNAVAILABLE', 50);
      expect(await producer.ready()).toBe(false);
      await stage.redis({ port });
      const resumeMs = await heals(producer, 2_000);
      await within(5_000, () => producer.ready());
      return { longestMs: refused.ms, resumeMs };
    },
  },
  {
    id: 2,
    name: 'Redis down at the boot of a worker',
    requirement: 'live, not ready, 1 line in 10 s; first job within 2 s of Redis',
    quick: true,
    async run(stage) {
      const port = await freePort();
      const url = `redis://127.0.0.1:${port}`;
      const worker = await stage.worker(url);
      await worker.live();
      await eventually(async () => expect(await worker.status()).toBe(503));
      await worker.process.waitForOutput(/Redis at/);
      await pause(9_500);
      expect(await worker.status('live')).toBe(200);
      expect(await worker.status()).toBe(503);
      expect(worker.process.output.match(/Redis at/g)).toHaveLength(1);
      const producer = await stage.producer(url);
      await stage.redis({ port });
      const upAt = Date.now();
      await heals(producer, 2_000);
      await eventually(() => stage.ledger.of('finish').length > 0);
      const resumeMs = stage.ledger.of('finish')[0]!.at - upAt;
      expect(resumeMs).toBeLessThanOrEqual(2_000 * SLACK);
      return { resumeMs, note: '1 line in 10 s' };
    },
  },
  {
    id: 3,
    name: 'Redis killed while idle, back after 3 s',
    requirement: 'refuses in 50 ms; resumes in 2 s; ready in 5 s',
    quick: true,
    async run(stage) {
      const redis = await stage.redis();
      const producer = await stage.producer(redis.url);
      const worker = await stage.worker(redis.url).then((booting) => booting.ready());
      await redis.kill();
      await pause(3_000);
      expectRefused(await producer.enqueue(), 'QUEUE_UNAVAILABLE', 50);
      await redis.restart();
      const upAt = Date.now();
      await heals(producer, 2_000);
      await eventually(() => stage.ledger.of('finish').length > 0);
      const resumeMs = stage.ledger.of('finish')[0]!.at - upAt;
      expect(resumeMs).toBeLessThanOrEqual(2_000 * SLACK);
      await worker.ready(5_000 * SLACK);
      return { resumeMs };
    },
  },
  killed(
    4,
    'Redis killed under load three times, its files on a disk in memory',
    20_000,
    async (stage) => ({
      dir: await memoryDisk(stage),
    }),
    ['a disk in memory'],
  ),
  killed(
    4.5,
    'the same with appendfsync always, its files on the disk of this machine',
    10_000,
    async () => ({
      args: ['--appendfsync', 'always'],
    }),
  ),
  outage(5, 'outage of 20 s over the end of a job', 20, { lockDuration: '30s', stalledInterval: '5s' }, 1),
  outage(6, 'outage of 40 s, longer than the lock', 40, { lockDuration: '30s', stalledInterval: '5s' }, 2),
  outage(7, 'outage of 5 minutes', 300, { lockDuration: '30s', stalledInterval: '5s' }, 2),
];

/** Redis is away while a job ends. */
function outage(id: number, name: string, seconds: number, worker: object, mostRuns: number): FaultRow {
  return {
    id,
    name,
    requirement: `the job completes in at most ${mostRuns} run${mostRuns > 1 ? 's' : ''}, no attempt fails; resumes in 2 s; memory +50 MB at most`,
    quick: seconds === 20,
    patience: seconds + 90,
    async run(stage) {
      stage.may.twice = mostRuns - 1;
      const redis = await stage.redis();
      const producer = await stage.producer(redis.url);
      const process = await stage.worker(redis.url, { worker }).then((booting) => booting.ready());
      const id = await enqueued(producer, { do: 'hold', ms: 2_000 });
      await started(stage, id);
      const before = process.rss();
      await redis.kill();
      await pause(seconds * 1_000);
      const growth = process.rss() - before;
      await redis.restart();
      const upAt = Date.now();
      await heals(producer, 2_000);
      const resumedAt = await eventually(() => stage.ledger.firstFinishAfter(upAt));
      const resumeMs = resumedAt - upAt;
      await finished(stage, id);
      await inState(producer, id, 'completed', 60_000);
      // Were it to run again, it would do so once its lock is gone and two checks are over.
      if (mostRuns === 1) await pause(12_000);
      const runs = stage.ledger.of('start', id);
      expect(runs.length).toBeLessThanOrEqual(mostRuns);
      expect(new Set(runs.map(({ attempt }) => attempt))).toEqual(new Set([1]));
      expect(process.process.output).not.toMatch(/\b(retrying|dead) task /);
      expect(resumeMs).toBeLessThanOrEqual(2_000 * SLACK);
      expect(growth).toBeLessThan(50_000_000);
      const megabytes = Math.round(growth / 1_000_000);
      return {
        resumeMs,
        note: `${runs.length} run${runs.length > 1 ? 's' : ''}; memory ${megabytes >= 0 ? '+' : ''}${megabytes} MB`,
      };
    },
  };
}

/**
 * Redis is killed while it takes jobs. With everysec it acknowledges what it has not even handed to the kernel while an fsync
 * goes on: how much a killed process forgets is a matter of the disk, and nothing that a library can mend. So the row that is to
 * tell of the library has a disk that cannot be slow, and the one on a real disk the setting that waits for it.
 */
function killed(
  id: number,
  name: string,
  wanted: number,
  settings: (stage: Stage) => Promise<RedisOptions>,
  needs: readonly string[] = [],
): FaultRow {
  return {
    id,
    name,
    needs,
    requirement: `none of ${wanted.toLocaleString('en')} acknowledged jobs lost; those in hand, 30 at most, run twice`,
    quick: false,
    alone: true,
    patience: 240,
    async run(stage) {
      const redis = await stage.redis(await settings(stage));
      const producers = await Promise.all([stage.producer(redis.url), stage.producer(redis.url)]);
      await stage.worker(redis.url, { task: { retry: { attempts: 3, delay: 100 } } }).then((w) => w.ready());
      let delayed = 0;
      const kill = async () => {
        const info = await redis.cli('info', 'persistence');
        delayed += Number(/aof_delayed_fsync:(\d+)/.exec(info)?.[1]);
        await redis.kill();
        await pause(1_000 * stage.random());
        await redis.restart();
      };
      const figures = await underLoad(stage, producers, {
        rate: 2_000,
        lanes: 8,
        twice: 30, // In flight when Redis died: 10 at a time, three times.
        drain: 120_000,
        fault: async () => {
          for (let round = 0; round < 3; round++) {
            await pause(6_000);
            await kill();
          }
          const healedAt = Date.now();
          await eventually(() => stage.ledger.acknowledged().size >= wanted, {
            timeout: 120_000,
            interval: 500,
          });
          return healedAt;
        },
      });
      expect(figures.acknowledged).toBeGreaterThanOrEqual(wanted);
      return { ...figures, note: `aof_delayed_fsync ${delayed}` };
    },
  };
}
