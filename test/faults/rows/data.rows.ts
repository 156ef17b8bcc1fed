import { Redis } from 'ioredis';
import { freePort } from '../../support/ports.js';
import { eventually } from '../../support/eventually.js';
import { enqueued, expectRefused, finished, heals, inState } from '../harness/expectations.js';
import { pause } from '../harness/pause.js';
import type { RedisServer } from '../../support/redis.js';
import { type FaultRow, type Measured, NotRunHere, SLACK } from '../harness/row.js';
import type { Stage } from '../harness/stage.js';
import { underLoad } from '../harness/under-load.js';

/** What Redis keeps is slow to load or gone. */
export const dataRows: FaultRow[] = [
  {
    id: 28,
    name: 'the data of a waiting job deleted',
    requirement: 'dead as "data-missing", never run; the worker survives, other jobs go on',
    quick: true,
    async run(stage) {
      const redis = await stage.redis();
      const producer = await stage.producer(redis.url);
      const id = await enqueued(producer);
      const keys = (await redis.cli('keys', `*${id}`)).split('\n').filter(Boolean);
      for (const key of keys) await redis.cli('del', key);
      const worker = await stage.worker(redis.url).then((booting) => booting.ready());
      await finished(stage, await enqueued(producer));
      expect((await inState(producer, id, 'dead')).reason).toBe('data-missing');
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
      await eventually(async () =>
        expect(await redis.cli('ping').catch((error: Error) => error.message)).toContain('LOADING'),
      );
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
    name: 'SCRIPT FLUSH ten times a second, beside plain jobs, ids, `unique`, enqueueMany and a schedule',
    requirement: 'nobody notices: every call is acknowledged and runs once, no slot is left out',
    quick: false,
    run: async (stage) =>
      forgetful(stage, await stage.redis(), 50, async (redis) => {
        await redis.cli('script', 'flush');
        await pause(80);
      }),
  },
  {
    id: 78,
    needs: ['Redis 7.4'],
    name: 'another client EVALs 600 different scripts again and again: Redis 7.4 and newer keep the last 500',
    requirement: 'nobody notices: every call is acknowledged and runs once, no slot is left out',
    quick: false,
    async run(stage) {
      const redis = await stage.redis();
      const version = /redis_version:(\d+\.\d+)/.exec(await redis.cli('info', 'server'))?.[1] ?? '';
      if (version.localeCompare('7.4', 'en', { numeric: true }) < 0)
        throw new NotRunHere(`needs Redis 7.4 or newer, this is ${version}`);
      const foreign = new Redis(redis.url);
      stage.onClose(async () => foreign.disconnect());
      return forgetful(stage, redis, 10, async (_server, round) => {
        const pipeline = foreign.pipeline();
        for (let n = 0; n < 600; n++) pipeline.eval(`return '${round}-${n}'`, 0);
        await pipeline.exec();
        await pause(200);
      });
    },
  },
  wiped(36, 'restarted without its data', (cli) => cli('shutdown', 'nosave').catch(() => '')),
  wiped(37, 'FLUSHDB while everything runs', (cli) => cli('flushdb')),
];

/** Makes Redis forget its scripts so many times, while jobs are enqueued in every way. */
async function forgetful(
  stage: Stage,
  redis: RedisServer,
  rounds: number,
  forget: (redis: RedisServer, round: number) => Promise<void>,
): Promise<Measured> {
  const producer = await stage.producer(redis.url);
  const schedules = [{ name: 'tick', every: '1s', missed: 'once', payload: {} }];
  await stage.worker(redis.url, { schedules }).then((worker) => worker.ready());
  const slots = () => stage.ledger.of('start').flatMap(({ slot }) => slot ?? []);
  await eventually(() => slots().length > 0);
  let created = 0;
  const figures = await underLoad(stage, [producer], {
    troubled: 0,
    fault: async () => {
      for (let round = 0; round < rounds; round++) {
        await forget(redis, round);
        const [id, key] = [`id-${round}`, `key-${round}`];
        const many = [`many-${round}`, `more-${round}`];
        for (const call of [
          () => producer.enqueue({ options: { id } }),
          () => producer.enqueue({ options: { unique: { key } } }),
          () => producer.enqueue({ options: { id: `late-${round}`, delay: 10 } }),
          () => producer.enqueueMany(many),
        ]) {
          const { code, message, status = 'created' } = await call();
          expect([code, message, status]).toEqual([undefined, undefined, 'created']);
          created++;
        }
      }
      return Date.now();
    },
  });
  await eventually(() => expect(Math.max(...slots())).toBeGreaterThan(Date.now() - 2_500));
  const ran = slots();
  expect(new Set(ran).size, 'slots that ran').toBe((Math.max(...ran) - Math.min(...ran)) / 1_000 + 1);
  expect(ran, 'slots that ran once').toHaveLength(new Set(ran).size);
  expect(producer.process.output).not.toContain('NOSCRIPT');
  return { ...figures, note: `${created} calls beside the load, ${ran.length} slots` };
}

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
