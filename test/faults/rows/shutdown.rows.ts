import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RedisServer } from '../../support/redis.js';
import { eventually } from '../../support/eventually.js';
import { enqueued, finished, heals, inState, started } from '../harness/expectations.js';
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
      return { note: `ended after ${ms} ms` };
    },
  },
  {
    id: 51,
    name: 'SIGTERM with a job longer than the timeout',
    requirement:
      'told to stop; exit 0 within timeout + 1 s; handed back at once, no attempt used, runs elsewhere',
    quick: true,
    async run(stage) {
      stage.may.twice = 1;
      const { redis, producer, worker } = await pair(stage);
      const id = await enqueued(producer, { do: 'hold', ms: 12_000 });
      await started(stage, id);
      const { code, ms } = await terminate(worker);
      expect(code).toBe(0);
      expect(ms).toBeLessThanOrEqual((GRACE + 1_000) * SLACK);
      expect(stage.ledger.of('abort', id)).toHaveLength(1);
      expect(await producer.get(id)).toMatchObject({ state: 'waiting', attempt: 0 });
      await stage.worker(redis.url);
      await started(stage, id, 2);
      expect(stage.ledger.of('start', id).map(({ attempt }) => attempt)).toEqual([1, 1]);
      return { note: `ended after ${ms} ms` };
    },
  },
  ...(['killed', 'frozen'] as const).map((how, index) => deadRedis(how, index === 0)),
  {
    id: 53,
    name: 'SIGTERM twice',
    requirement: 'the second ends it at once with 1; the job runs elsewhere',
    quick: false,
    async run(stage) {
      stage.may.twice = 1;
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
      return { note: `ended after ${ms} ms` };
    },
  },
  {
    id: 54,
    name: 'SIGTERM during the boot',
    requirement: 'exit 0 within 2 s of the boot, no job taken',
    quick: true,
    async run(stage) {
      const redis = await stage.redis();
      const producer = await stage.producer(redis.url);
      const gate = join(stage.dir, 'gate');
      const worker = await stage.worker(redis.url, { bootGate: gate, run: { shutdownTimeout: '30s' } });
      await worker.process.waitForOutput(/the boot is held up/);
      const id = await enqueued(producer);
      worker.process.signal('SIGTERM');
      await worker.process.waitForOutput(/SIGTERM: shutting down/);
      await writeFile(gate, '');
      const openAt = Date.now();
      const { code } = await worker.process.exited;
      const ms = Date.now() - openAt;
      expect(code).toBe(0);
      expect(ms).toBeLessThanOrEqual(2_000 * SLACK);
      expect(stage.ledger.of('start')).toEqual([]);
      expect((await producer.get(id)).state).toBe('waiting');
      return { note: `ended ${ms} ms after the rest of the boot could go on` };
    },
  },
  {
    id: 55,
    name: 'SIGTERM to a producer with calls in flight',
    requirement: 'ends in 2 s; each call settles before that; what was acknowledged runs, once',
    quick: true,
    async run(stage) {
      const { redis, producer } = await pair(stage);
      await producer.load({ rate: 1_000, lanes: 50, counted: true });
      await eventually(() => expect(stage.ledger.acknowledged().size).toBeGreaterThan(500));
      const termedAt = Date.now();
      producer.process.signal('SIGTERM');
      await producer.process.exited;
      expect(Date.now() - termedAt).toBeLessThanOrEqual(2_000 * SLACK);
      const { begun, settled } = stage.ledger.calls();
      expect(settled).toBe(begun);
      const acknowledged = stage.ledger.acknowledged().size;
      expect(acknowledged).toBeGreaterThan(500);
      await eventually(() => stage.ledger.unfinished().length === 0, { timeout: 30_000 });
      // That jobs can be looked up.
      await stage.producer(redis.url);
      return { note: `${settled} of ${begun} calls had settled when it ended` };
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
      expect(stage.ledger.of('start', id).map(({ attempt }) => attempt)).toEqual([1]);
      return {};
    },
  },
  {
    id: 67,
    name: 'health asked 100 times a second while Redis is frozen',
    requirement: 'each answer within 1 s; each process pings Redis once a second at most',
    quick: true,
    async run(stage) {
      const { redis, worker } = await pair(stage);
      const pingsOf = async () => {
        const stat = await redis.cli('info', 'commandstats');
        return Number(/cmdstat_ping:calls=(\d+)/.exec(stat)?.[1] ?? 0);
      };
      const [before, frozenAt] = [await pingsOf(), Date.now()];
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
      const pings = (await pingsOf()) - before;
      const seconds = (Date.now() - frozenAt) / 1_000;
      const longest = Math.round(Math.max(...times));
      expect(longest).toBeLessThanOrEqual(1_000 * SLACK);
      expect(times).toHaveLength(500);
      // Of the worker and of the producer, and one of each that was under way.
      expect(pings).toBeLessThanOrEqual(2 * (seconds + 1));
      return {
        note: `slowest of ${times.length} answers ${longest} ms; ${pings} pings of two processes in ${seconds.toFixed(1)} s`,
      };
    },
  },
];

const MEND = {
  killed: (redis: RedisServer) => redis.restart(),
  frozen: (redis: RedisServer) => redis.thaw(),
};

const BREAK = {
  killed: (redis: RedisServer) => redis.kill(),
  frozen: (redis: RedisServer) => redis.freeze(),
};

function deadRedis(how: 'killed' | 'frozen', first: boolean): FaultRow {
  return {
    id: first ? 52 : 52.5,
    name: `SIGTERM while Redis is ${how}`,
    requirement: 'exit 0 within the timeout + 1 s, busy or idle; a job that runs is told to stop',
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
      expect([busy.code, free.code]).toEqual([0, 0]);
      expect(stage.ledger.of('abort', id)).toHaveLength(1);
      // That the job can be looked up.
      await MEND[how](redis);
      await heals(producer, 5_000);
      return { note: `busy: ${busy.ms} ms, idle: ${free.ms} ms, timeout ${GRACE} ms` };
    },
  };
}
