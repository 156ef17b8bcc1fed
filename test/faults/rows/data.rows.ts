import { open, readdir, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../support/ports.js';
import { eventually } from '../../support/eventually.js';
import { enqueued, expectRefused, finished, heals, inState } from '../harness/expectations.js';
import { pause } from '../harness/pause.js';
import { type FaultRow, SLACK } from '../harness/row.js';
import { underLoad } from '../harness/under-load.js';

const ids = (count: number) => Array.from({ length: count }, (_, index) => `kept-${index}`);

/** A few at a time: a busy machine must not take the deadline of the last ones. */
async function inTurns<T>(all: readonly string[], work: (id: string) => Promise<T>): Promise<T[]> {
  const done: T[] = [];
  for (let from = 0; from < all.length; from += 25)
    done.push(...(await Promise.all(all.slice(from, from + 25).map(work))));
  return done;
}

/** The part of the append-only file that is being written. */
async function incrementalFile(dir: string): Promise<string> {
  const folder = join(dir, 'appendonlydir');
  const name = (await readdir(folder)).find((file) => file.endsWith('.incr.aof'));
  return join(folder, name!);
}

/** What Redis keeps is damaged, slow to load or gone. */
export const dataRows: FaultRow[] = [
  {
    id: 28,
    name: 'the data of a waiting job deleted',
    requirement: 'the worker survives, other jobs go on',
    quick: true,
    async run(stage) {
      const redis = await stage.redis();
      const producer = await stage.producer(redis.url);
      const id = await enqueued(producer);
      const keys = (await redis.cli('keys', `*${id}`)).split('\n').filter(Boolean);
      for (const key of keys) await redis.cli('del', key);
      const worker = await stage.worker(redis.url).then((booting) => booting.ready());
      await finished(stage, await enqueued(producer));
      expect(await worker.status()).toBe(200);
      expect(stage.ledger.of('start', id)).toHaveLength(0);
      return { note: `${keys.length} key deleted` };
    },
  },
  {
    id: 30,
    name: 'LOADING: Redis takes seconds to load its data',
    requirement: 'refused and not ready meanwhile; resumes in 2 s of the load',
    quick: false,
    async run(stage) {
      const port = await freePort();
      const redis = await stage.redis({
        port,
        args: ['--enable-debug-command', 'local'],
      });
      const producer = await stage.producer(redis.url);
      const worker = await stage.worker(redis.url).then((booting) => booting.ready());
      await redis.cli('debug', 'populate', '1000000', 'stuff', '500');
      await redis.cli('bgrewriteaof');
      await eventually(
        async () => expect(await redis.cli('info', 'persistence')).toContain('aof_rewrite_in_progress:0'),
        { timeout: 60_000 },
      );
      await redis.kill();
      const restarted = redis.restart().then(() => Date.now());
      await pause(1_000);
      const refused = await producer.enqueue();
      expectRefused(refused, 'QUEUE_UNAVAILABLE', 1_100);
      expect(await worker.status()).toBe(503);
      const loadedAt = await restarted;
      await heals(producer, 2_000);
      const resumedAt = await eventually(() => stage.ledger.firstFinishAfter(loadedAt));
      expect(resumedAt - loadedAt).toBeLessThanOrEqual(2_000 * SLACK);
      return { longestMs: refused.ms, resumeMs: resumedAt - loadedAt };
    },
  },
  {
    id: 31,
    name: 'SCRIPT FLUSH ten times a second',
    requirement: 'nobody notices',
    quick: false,
    async run(stage) {
      const redis = await stage.redis();
      const producer = await stage.producer(redis.url);
      await stage.worker(redis.url).then((worker) => worker.ready());
      const figures = await underLoad(stage, [producer], {
        fault: async () => {
          for (let round = 0; round < 50; round++) {
            await redis.cli('script', 'flush');
            await pause(80);
          }
          return Date.now();
        },
      });
      const text = producer.process.output;
      expect(text).not.toContain('NOSCRIPT');
      return figures;
    },
  },
  {
    id: 34,
    name: 'the append-only file cut short by 37 bytes',
    requirement: 'Redis starts; at most the last job is gone, no half job; the rest runs',
    quick: true,
    async run(stage) {
      const redis = await stage.redis({ args: ['--aof-load-truncated', 'yes'] });
      const producer = await stage.producer(redis.url);
      const jobs = await inTurns(ids(200), (id) => enqueued(producer, {}, { id }));
      await redis.kill();
      const file = await incrementalFile(redis.dir);
      const handle = await open(file);
      const { size } = await handle.stat();
      await handle.close();
      await truncate(file, size - 37);
      await redis.restart();
      await stage.worker(redis.url).then((worker) => worker.ready());
      await eventually(() => expect(stage.ledger.of('finish').length).toBeGreaterThanOrEqual(199));
      const lost = jobs.length - new Set(stage.ledger.of('finish').map(({ id }) => id)).size;
      return {
        acknowledged: 200,
        lost,
        twice: stage.ledger.twice().length,
        note: 'lost with the bytes, 1 allowed',
      };
    },
  },
  {
    id: 35,
    name: 'the append-only file corrupted in the middle, then mended with redis-check-aof',
    requirement:
      'Redis refuses to start; processes stay live, not ready and say so; mended: what was before it runs',
    quick: true,
    async run(stage) {
      const redis = await stage.redis();
      const producer = await stage.producer(redis.url);
      const worker = await stage.worker(redis.url).then((booting) => booting.ready());
      // Due only once all is over.
      const jobs = await inTurns(ids(500), (id) => enqueued(producer, {}, { id, delay: '15s' }));
      await redis.kill();
      const file = await incrementalFile(redis.dir);
      const handle = await open(file, 'r+');
      const { size } = await handle.stat();
      // Longer than any value, so that it cannot pass for a part of one.
      const garbage = Buffer.from('garbage '.repeat(1_000));
      await handle.write(garbage, 0, garbage.length, Math.floor(size / 2));
      await handle.close();
      await expect(redis.restart()).rejects.toThrow(/Bad file format|did not start/);
      await producer.enqueue();
      expectRefused(await producer.enqueue(), 'QUEUE_UNAVAILABLE', 50);
      expect(await worker.status('live')).toBe(200);
      expect(await worker.status()).toBe(503);
      await worker.process.waitForOutput(/Redis at .*(ECONNREFUSED|closed|ECONNRESET)/);
      await redis.mendAof(file);
      await redis.restart();
      const resumeMs = await heals(producer, 3_000);
      await worker.ready();
      const done = () => new Set(stage.ledger.of('finish').map(({ id }) => id));
      const kept = (await Promise.all(jobs.map((id) => producer.get(id)))).filter(({ state }) => state);
      expect(kept.length).toBeGreaterThan(20);
      await eventually(() => expect(done().size).toBeGreaterThanOrEqual(kept.length), { timeout: 30_000 });
      const lost = jobs.length - kept.length;
      const note = `${lost} of 500 were written after the garbage; redis-check-aof --fix kept the others, all ran`;
      return { acknowledged: 500, lost, resumeMs, note };
    },
  },
  wiped(36, 'restarted without its data', (cli) => cli('shutdown', 'nosave').catch(() => '')),
  wiped(37, 'FLUSHDB while everything runs', (cli) => cli('flushdb')),
];

function wiped(
  id: number,
  name: string,
  wipe: (cli: (...args: string[]) => Promise<string>) => Promise<string>,
): FaultRow {
  const schedulesBack = id === 36 ? 10 : 60;
  return {
    id,
    name: `all data gone: ${name}`,
    requirement: `new jobs are taken and run without a restart; told; schedules are back in ${schedulesBack} s`,
    quick: id === 37,
    async run(stage) {
      const redis = await stage.redis({ args: id === 36 ? ['--appendonly', 'no'] : [] });
      const producer = await stage.producer(redis.url);
      // Far from its next slot: nothing but the loss itself brings it back.
      const schedules = [{ name: 'yearly', cron: '0 0 1 1 *', payload: {} }];
      const worker = await stage.worker(redis.url, { schedules }).then((booting) => booting.ready());
      await inState(producer, await enqueued(producer), 'completed');
      await eventually(async () => expect(await producer.schedules()).toHaveLength(1));
      await wipe((...args) => redis.cli(...args));
      if (id === 36) await redis.restart();
      const begin = Date.now();
      await heals(producer, 3_000);
      await finished(stage, await enqueued(producer));
      const resumeMs = Date.now() - begin;
      await worker.ready();
      await eventually(async () => expect(await producer.schedules()).toHaveLength(1), {
        timeout: schedulesBack * 1_000,
      });
      const note = `schedules back after ${Date.now() - begin} ms`;
      await worker.process.waitForOutput(/Redis has forgotten the schedules/);
      return { resumeMs, note };
    },
  };
}
