import { open, readdir, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../../support/eventually.js';
import { enqueued, expectRefused, heals } from '../harness/expectations.js';
import type { FaultRow } from '../harness/row.js';

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

/** The append-only file is damaged. */
export const aofRows: FaultRow[] = [
  {
    id: 34,
    name: 'the append-only file cut short by 37 bytes',
    requirement:
      'Redis starts; at most the last call is gone, here of one job, no half job: what is stored waits, and the other way round; all of it runs',
    quick: true,
    async run(stage) {
      const redis = await stage.redis({ args: ['--aof-load-truncated', 'yes'] });
      const producer = await stage.producer(redis.url);
      stage.may.lost = 1;
      // Those of one moment go out in one call, and come and go together: the last one is alone.
      const jobs = await inTurns(ids(199), (id) => enqueued(producer, {}, { id }));
      jobs.push(await enqueued(producer, {}, { id: 'last' }));
      await redis.written();
      await redis.kill();
      const file = await incrementalFile(redis.dir);
      const handle = await open(file);
      const { size } = await handle.stat();
      await handle.close();
      await truncate(file, size - 37);
      await redis.restart();
      const base = `scalr:{${stage.app}}:default`;
      const linesOf = (text: string) => text.split('\n').filter(Boolean).toSorted();
      const stored = linesOf(await redis.cli('keys', `${base}:task~*`));
      expect(linesOf(await redis.cli('lrange', `${base}:wait`, '0', '-1'))).toEqual(
        stored.map((key) => key.slice(base.length + 1)),
      );
      expect(stored.length).toBeGreaterThanOrEqual(jobs.length - 1);
      await stage.worker(redis.url).then((worker) => worker.ready());
      await eventually(() => expect(stage.ledger.of('finish')).toHaveLength(stored.length));
      return { note: 'lost with the bytes, 1 allowed' };
    },
  },
  {
    id: 35,
    name: 'the append-only file corrupted in the middle, then mended with redis-check-aof',
    requirement:
      'Redis refuses to start; processes stay live, not ready and say so; mended: what was before it runs',
    quick: true,
    patience: 100,
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
      // Each is written in one transaction, which is in the file as a whole or not at all.
      const inFile = new Set((await readFile(file, 'latin1')).match(/\bkept-\d+\b/g));
      await redis.restart();
      const resumeMs = await heals(producer, 3_000);
      await worker.ready();
      const done = () => new Set(stage.ledger.of('finish').map(({ id }) => id));
      const kept = (await Promise.all(jobs.map((id) => producer.get(id)))).filter(({ state }) => state);
      expect(inFile.size).toBeGreaterThan(20);
      expect(kept).toHaveLength(inFile.size);
      await eventually(() => expect(done().size).toBe(kept.length + 1), { timeout: 30_000 });
      const lost = jobs.length - inFile.size;
      stage.may.lost = lost;
      const note = `${lost} of 500 were written after the garbage; redis-check-aof --fix kept the others, all ran`;
      return { resumeMs, note };
    },
  },
];
