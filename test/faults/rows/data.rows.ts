import { freePort } from '../../support/ports.js';
import { eventually } from '../../support/eventually.js';
import { enqueued, expectRefused, finished, heals, inState } from '../harness/expectations.js';
import { pause } from '../harness/pause.js';
import { type FaultRow, SLACK } from '../harness/row.js';
import { underLoad } from '../harness/under-load.js';

/** What Redis keeps is slow to load or gone. */
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
    patience: 100,
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
