import { eventually } from '../../support/eventually.js';
import { heals, inDoubt, inState } from '../harness/expectations.js';
import { pause } from '../harness/pause.js';
import type { FaultRow } from '../harness/row.js';
import type { RedisServer } from '../../support/redis.js';
import { underLoad } from '../harness/under-load.js';

/** A handler that was under way when its connection went ends without Redis, within so many milliseconds. */
const UNDER_WAY = 100;

/** Redis is there and does not answer. */
export const hangRows: FaultRow[] = [
  hang(8, 'Redis frozen for 2 s', true, 2_000, 1_000, freeze(2_000)),
  hang(9, 'Redis frozen for 20 s', false, 20_000, 1_000, freeze(20_000)),
  hang(10, 'DEBUG SLEEP 5', false, 5_000, 1_000, (redis) => redis.cli('debug', 'sleep', '5')),
  hang(11, 'CLIENT PAUSE 6000 ALL', false, 6_000, 1_000, async (redis) => {
    await redis.cli('client', 'pause', '6000', 'all');
    await pause(6_000);
  }),
  {
    id: 12,
    name: 'CLIENT KILL of every connection, each second, ten times',
    requirement: 'none lost, none twice; resumes in 1 s',
    quick: false,
    async run(stage) {
      const redis = await stage.redis();
      const producers = [await stage.producer(redis.url)];
      await stage.worker(redis.url).then((worker) => worker.ready());
      return underLoad(stage, producers, {
        resume: 1_000 - UNDER_WAY,
        fault: async () => {
          let killedAt = 0;
          for (let round = 0; round < 10; round++) {
            await redis.cli('client', 'kill', 'type', 'normal');
            killedAt = Date.now();
            await pause(1_000);
          }
          return killedAt + UNDER_WAY;
        },
      });
    },
  },
];

function freeze(ms: number) {
  return async (redis: RedisServer) => {
    redis.freeze();
    await pause(ms);
    redis.thaw();
  };
}

/** Redis answers nothing for a while. */
function hang(
  id: number,
  name: string,
  quick: boolean,
  ms: number,
  resume: number,
  fault: (redis: RedisServer) => Promise<unknown>,
): FaultRow {
  return {
    id,
    name,
    requirement: `calls settle in 1.1 s as unknown, the same id makes one job; ${ms > 3_000 ? 'not ready in 5 s; ' : ''}none lost or twice; resumes in 1 s`,
    quick,
    async run(stage) {
      const redis = await stage.redis({ args: ['--enable-debug-command', 'local'] });
      const producer = await stage.producer(redis.url);
      // Longer than the fault: what runs twice because its lock is over is another row.
      const locks = { lockDuration: '30s', stalledInterval: '5s' };
      const worker = await stage.worker(redis.url, { worker: locks }).then((booting) => booting.ready());
      return underLoad(stage, [producer], {
        resume,
        after: 3,
        // A job fetched for a connection that was given up meanwhile waits for its lock: 30 s and two checks.
        drain: 60_000,
        fault: async () => {
          const over = fault(redis).then(() => Date.now());
          await pause(100);
          const unsure = await inDoubt(producer);
          const notReady =
            ms > 3_000
              ? eventually(async () => expect(await worker.status()).toBe(503), { timeout: 7_500 })
              : undefined;
          await notReady;
          expect(await worker.status('live')).toBe(200);
          const healedAt = await over;
          await heals(producer, 5_000);
          const again = await producer.enqueue({ options: { id: unsure.jobId } });
          expect(again.code, `refused with: ${again.message}`).toBeUndefined();
          await inState(producer, unsure.jobId!, 'completed');
          expect(stage.ledger.of('start', unsure.jobId)).toHaveLength(1);
          return healedAt;
        },
      });
    },
  };
}
