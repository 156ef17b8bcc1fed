import type { RedisServer } from '../../support/redis.js';
import { eventually } from '../../support/eventually.js';
import { enqueued, finished, inState, started } from '../harness/expectations.js';
import { pause } from '../harness/pause.js';
import { type FaultRow, SLACK } from '../harness/row.js';
import type { Stage } from '../harness/stage.js';
import type { WorkerProcess } from '../harness/worker.process.js';

const GRACE = 3_000;

async function pair(stage: Stage, shutdownTimeout = GRACE) {
  const redis = await stage.redis();
  const producer = await stage.producer(redis.url);
  const worker = await stage
    .worker(redis.url, { run: { shutdownTimeout } })
    .then((booting) => booting.ready());
  return { redis, producer, worker };
}

async function terminate(worker: WorkerProcess): Promise<{ code: number | null; ms: number }> {
  const begin = Date.now();
  worker.process.signal('SIGTERM');
  const { code } = await worker.process.exited;
  return { code, ms: Date.now() - begin };
}

/** Processes are told to end. */
export const shutdownRows: FaultRow[] = [
  {
    id: 50,
    name: 'SIGTERM with a job that ends in time',
    requirement: 'no new job; the job completes before the database closes; exit 0 within the timeout',
    quick: true,
    async run(stage) {
      const { producer, worker } = await pair(stage, 10_000);
      const id = await enqueued(producer, { do: 'hold', ms: 3_000 });
      await started(stage, id);
      const ending = terminate(worker);
      await worker.process.waitForOutput(/SIGTERM: shutting down/);
      const late = await enqueued(producer);
      const { code, ms } = await ending;
      const order = stage.ledger.executions().map(({ what }) => what);
      expect(code).toBe(0);
      expect(order).toEqual(['start', 'finish', 'database-closed']);
      expect((await producer.get(late)).state).toBe('waiting');
      expect(ms).toBeLessThanOrEqual(10_000);
      return { acknowledged: 2, lost: 0, twice: 0, note: `ended after ${ms} ms` };
    },
  },
  {
    id: 51,
    name: 'SIGTERM with a job longer than the timeout',
    requirement: 'told to stop; exit within timeout + 1 s; handed back at once, no attempt used',
    quick: true,
    async run(stage) {
      const { redis, producer, worker } = await pair(stage);
      const id = await enqueued(producer, { do: 'hold', ms: 12_000 });
      await started(stage, id);
      const { code, ms } = await terminate(worker);
      expect(ms).toBeLessThanOrEqual((GRACE + 1_000) * SLACK);
      expect(stage.ledger.of('abort', id)).toHaveLength(1);
      expect(await producer.get(id)).toMatchObject({ state: 'waiting', attempt: 0 });
      await stage.worker(redis.url);
      await started(stage, id, 2);
      return { acknowledged: 1, lost: 0, twice: 1, note: `ended after ${ms} ms with ${code}` };
    },
  },
  ...(['killed', 'frozen'] as const).map((how, index) => deadRedis(how, index === 0)),
  {
    id: 53,
    name: 'SIGTERM twice',
    requirement: 'the second ends it at once with 1; the job runs elsewhere',
    quick: false,
    async run(stage) {
      const { redis, producer, worker } = await pair(stage, 30_000);
      const id = await enqueued(producer, { do: 'hold', ms: 4_000 });
      await started(stage, id);
      worker.process.signal('SIGTERM');
      await worker.process.waitForOutput(/SIGTERM: shutting down/);
      const { code, ms } = await terminate(worker);
      expect(code).toBe(1);
      expect(ms).toBeLessThan(1_000 * SLACK);
      await stage.worker(redis.url);
      await inState(producer, id, 'completed', 40_000);
      return { acknowledged: 1, lost: 0, twice: 1, note: `ended after ${ms} ms` };
    },
  },
  {
    id: 54,
    name: 'SIGTERM during the boot',
    requirement: 'a clean end, no job taken',
    quick: true,
    async run(stage) {
      const redis = await stage.redis();
      const producer = await stage.producer(redis.url);
      const worker = await stage.worker(redis.url);
      await worker.process.waitForOutput(/Starting Nest application/);
      const id = await enqueued(producer);
      const { code, ms } = await terminate(worker);
      const taken = stage.ledger.of('start', id).length;
      expect(ms).toBeLessThanOrEqual(2_000 * SLACK);
      expect(taken === 0 || stage.ledger.of('finish', id).length === 1).toBe(true);
      return { acknowledged: 1, lost: 0, note: `ended after ${ms} ms with ${code}` };
    },
  },
  {
    id: 55,
    name: 'SIGTERM to a producer with calls in flight',
    requirement: 'each call settles; what was acknowledged runs',
    quick: true,
    async run(stage) {
      const { producer } = await pair(stage);
      await producer.load({ rate: 1_000, lanes: 50 });
      await eventually(() => expect(stage.ledger.acknowledged().size).toBeGreaterThan(500));
      producer.process.signal('SIGTERM');
      await pause(2_000);
      await eventually(() => stage.ledger.unfinished().length === 0);
      const acknowledged = stage.ledger.acknowledged().size;
      const twice = stage.ledger.twice().length;
      expect(twice).toBe(0);
      return { acknowledged, lost: 0, twice };
    },
  },
  {
    id: 57,
    name: 'a job that only a newer version knows, met by an older one',
    requirement: 'set aside, not failed; runs once a newer worker is there',
    quick: false,
    async run(stage) {
      const { redis, producer } = await pair(stage);
      const { id } = await producer.enqueue({ newer: true });
      await inState(producer, id!, 'delayed');
      await stage.worker(redis.url, { newer: true });
      await finished(stage, id!, 40_000);
      return { acknowledged: 1, lost: 0, twice: 0 };
    },
  },
  {
    id: 67,
    name: 'health asked 100 times a second while Redis is frozen',
    requirement: 'each answer within 1 s; one ping a second at most',
    quick: true,
    async run(stage) {
      const { redis, worker } = await pair(stage);
      redis.freeze();
      const times: number[] = [];
      const probes: Promise<void>[] = [];
      for (let probe = 0; probe < 500; probe++) {
        const begin = performance.now();
        const paths = ['', 'ready', 'live'] as const;
        probes.push(worker.status(paths[probe % 3]).then(() => void times.push(performance.now() - begin)));
        await pause(10);
      }
      await Promise.all(probes);
      redis.thaw();
      await worker.ready();
      const stat = await redis.cli('info', 'commandstats');
      const pings = Number(/cmdstat_ping:calls=(\d+)/.exec(stat)?.[1] ?? 0);
      const longest = Math.round(Math.max(...times));
      expect(longest).toBeLessThanOrEqual(1_000 * SLACK);
      expect(pings).toBeLessThan(20);
      return { note: `slowest of ${times.length} answers ${longest} ms; ${pings} pings in all` };
    },
  },
];

const BREAK = {
  killed: (redis: RedisServer) => redis.kill(),
  frozen: (redis: RedisServer) => redis.freeze(),
};

function deadRedis(how: 'killed' | 'frozen', first: boolean): FaultRow {
  return {
    id: first ? 52 : 52.5,
    name: `SIGTERM while Redis is ${how}`,
    requirement: 'exit within the timeout + 1 s, busy or idle',
    quick: how === 'frozen',
    async run(stage) {
      const { redis, producer, worker } = await pair(stage);
      const idle = await stage.worker(redis.url, {
        run: { shutdownTimeout: GRACE },
        app: `${stage.app}-idle`,
      });
      await idle.ready();
      const id = await enqueued(producer, { do: 'hold', ms: 20_000 });
      await started(stage, id);
      await BREAK[how](redis);
      await pause(500);
      const [busy, free] = await Promise.all([terminate(worker), terminate(idle)]);
      expect(busy.ms).toBeLessThanOrEqual((GRACE + 1_000) * SLACK);
      expect(free.ms).toBeLessThanOrEqual((GRACE + 1_000) * SLACK);
      return { note: `busy: ${busy.ms} ms, idle: ${free.ms} ms, timeout ${GRACE} ms` };
    },
  };
}
