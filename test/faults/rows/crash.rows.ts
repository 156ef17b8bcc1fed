import { eventually } from '../../support/eventually.js';
import { enqueued, finished, inState, started } from '../harness/expectations.js';
import { pause } from '../harness/pause.js';
import type { ProducerProcess } from '../harness/producer.process.js';
import { type FaultRow, type Measured, SLACK } from '../harness/row.js';
import type { Stage } from '../harness/stage.js';
import type { WorkerProcess } from '../harness/worker.process.js';

/** Lock of 5 s and two checks of 1 s. */
const RECOVERY = 7_000;
/** Of a handler that never ends, in milliseconds. */
const TIMEOUT = 1_000;

async function pair(stage: Stage, workers = 1, settings: object = {}) {
  const redis = await stage.redis();
  const producer = await stage.producer(redis.url, settings);
  const started = await Promise.all(Array.from({ length: workers }, () => stage.worker(redis.url, settings)));
  await Promise.all(started.map((worker) => worker.ready()));
  return { redis, producer, workers: started };
}

/** Worker processes die, stop or are blocked. */
export const crashRows: FaultRow[] = [
  {
    id: 41,
    name: 'a worker killed in the middle of a job',
    requirement: 'runs again within lock + 2 checks (5 s + 2 x 1 s), exactly once more, no attempt used',
    quick: true,
    async run(stage) {
      stage.may.twice = 1;
      const { producer, workers } = await pair(stage, 2);
      const id = await enqueued(producer, { do: 'hold', ms: 3_000 });
      await started(stage, id);
      const { pid } = stage.ledger.of('start', id)[0]!;
      await workers.find((worker) => worker.process.pid === pid)!.process.kill();
      const killedAt = Date.now();
      await started(stage, id, 2);
      const resumeMs = Date.now() - killedAt;
      await inState(producer, id, 'completed');
      expect(resumeMs).toBeLessThanOrEqual(RECOVERY * SLACK);
      expect(stage.ledger.of('start', id).map(({ attempt }) => attempt)).toEqual([1, 1]);
      return { resumeMs };
    },
  },
  {
    id: 42,
    name: 'a job that kills its worker, each time',
    requirement: 'not dead after 2 crashes, dead as "crashed" after 3; other jobs go on',
    quick: false,
    async run(stage) {
      stage.may.twice = 1;
      const settings = { worker: { lockDuration: '2s', stalledInterval: '1s', maxCrashes: 3 } };
      const { redis, producer } = await pair(stage, 3, settings);
      const id = await enqueued(producer, { do: 'crash' });
      await started(stage, id, 3);
      const last = await stage.worker(redis.url, settings).then((worker) => worker.ready());
      const other = await enqueued(producer);
      await finished(stage, other);
      const job = await inState(producer, id, 'dead');
      expect(job.reason).toBe('crashed');
      expect(stage.ledger.of('start', id)).toHaveLength(3);
      expect(await last.status('live')).toBe(200);
      return { note: '3 starts, then dead' };
    },
  },
  {
    id: 43,
    name: 'a worker stopped for 12 s, longer than its lock',
    requirement:
      'a second run, whose outcome holds; the late one is told to stop within 1 s, ends without a trace, and one line says so',
    quick: false,
    async run(stage) {
      stage.may.twice = 1;
      const { producer, workers } = await pair(stage, 2);
      const id = await enqueued(producer, { do: 'heed', ms: 14_000 });
      await started(stage, id);
      const { pid } = stage.ledger.of('start', id)[0]!;
      const frozen = workers.find((worker) => worker.process.pid === pid)!;
      frozen.process.signal('SIGSTOP');
      await pause(12_000);
      frozen.process.signal('SIGCONT');
      const thawedAt = Date.now();
      await started(stage, id, 2);
      const abortedAt = await eventually(() => stage.ledger.of('abort', id)[0]?.at ?? 0);
      const abortMs = abortedAt - thawedAt;
      await inState(producer, id, 'completed', 40_000);
      const other = stage.ledger.of('start', id)[1]!;
      expect(other.pid).not.toBe(pid);
      expect(stage.ledger.of('start', id)).toHaveLength(2);
      expect(stage.ledger.of('finish', id).map((end) => end.pid)).toEqual([other.pid]);
      for (const { process } of workers) expect(process.output).not.toMatch(/\b(retrying|dead) task /);
      expect(frozen.process.output.match(/lock-lost task .*/g)).toEqual([
        expect.stringContaining(`lock-lost task ${id} in default: another worker has taken it`),
      ]);
      expect(abortMs).toBeLessThanOrEqual(1_000 * SLACK);
      return { note: `told to stop ${abortMs} ms after it went on` };
    },
  },
  {
    id: 44,
    name: 'the event loop blocked for 10 s by a handler, less than its lock',
    requirement: 'with a lock of 15 s: completed, at most one more run',
    quick: false,
    async run(stage) {
      stage.may.twice = 1;
      const worker = { lockDuration: '15s', stalledInterval: '2s' };
      const { producer, workers } = await pair(stage, 2, { worker });
      const id = await enqueued(producer, { do: 'block', ms: 10_000 });
      await inState(producer, id, 'completed', 60_000);
      const runs = stage.ledger.of('start', id).length;
      expect(runs).toBeLessThanOrEqual(2);
      const named = workers.some(({ process }) => process.output.includes('lock-lost'));
      return {
        note: named ? 'the log names the job' : 'completed before its lock was missed',
      };
    },
  },
  {
    id: 72,
    name: 'the event loop blocked for 5.6 s by handlers, longer than its lock of 5 s, beside a job that only waits',
    requirement:
      'one worker: every job completes after one run; one line names the handler, none blames Redis',
    quick: false,
    async run(stage) {
      const { producer, workers } = await pair(stage);
      const innocent = await enqueued(producer, { do: 'hold', ms: 8_000 });
      const blocking = await enqueued(producer, { do: 'block', ms: 5_600 });
      for (const id of [innocent, blocking]) {
        await inState(producer, id, 'completed', 40_000);
        expect(stage.ledger.of('start', id)).toHaveLength(1);
      }
      const { output } = workers[0]!.process;
      expect(output.match(/worker blocked for/g)).toHaveLength(1);
      expect(output).toMatch(/worker blocked for \d+(\.\d)? s by Handler\.run/);
      expect(output).not.toMatch(/Redis at .*lock/);
      return { note: 'the log names the handler' };
    },
  },
  {
    id: 73,
    name: 'two workers, each blocked by the same job for longer than its lock',
    requirement: 'completed, at most one more run, not dead as crashed',
    quick: false,
    async run(stage) {
      stage.may.twice = 1;
      const { producer } = await pair(stage, 2);
      const id = await enqueued(producer, { do: 'block', ms: 8_000 });
      await inState(producer, id, 'completed', 60_000);
      const runs = stage.ledger.of('start', id).length;
      expect(runs).toBeLessThanOrEqual(2);
      return { note: `${runs} run${runs > 1 ? 's' : ''}` };
    },
  },
  {
    id: 45,
    name: 'a handler that never ends',
    requirement:
      'told to stop within 1 s of its time, dead with a JobTimeoutError; its slot, the only one, is free',
    quick: true,
    async run(stage) {
      const task = { retry: false, timeout: TIMEOUT };
      const { producer } = await pair(stage, 1, { task, run: { concurrency: 1 } });
      const id = await enqueued(producer, { do: 'never' });
      const { error } = await inState(producer, id, 'dead');
      expect(error).toMatchObject({ name: 'JobTimeoutError' });
      const [start, stop] = [...stage.ledger.of('start', id), ...stage.ledger.of('abort', id)];
      expect(stop).toMatchObject({ what: 'abort', reason: 'JobTimeoutError' });
      const ms = stop!.at - start!.at;
      expect(ms).toBeGreaterThanOrEqual(TIMEOUT - 20);
      expect(ms).toBeLessThanOrEqual(TIMEOUT + 1_000 * SLACK);
      await finished(stage, await enqueued(producer));
      return { note: `told to stop after ${ms} ms` };
    },
  },
  {
    id: 46,
    name: 'handlers that throw a text, undefined and 2 MB',
    requirement: 'dead with a reason of 8 KiB at most; the process lives; Redis grows by less than 10 MB',
    quick: true,
    run: (stage) =>
      misbehave(stage, async (producer) => {
        for (const what of ['text', 'undefined', 'huge']) {
          const job = await inState(producer, await enqueued(producer, { do: 'throw', what }), 'dead');
          expect(job.error!.message).not.toBe('');
          expect(Buffer.byteLength(job.error!.message)).toBeLessThanOrEqual(8_192);
        }
      }),
  },
  {
    id: 47,
    name: 'handlers that return a BigInt, a cycle and 20 MB',
    requirement:
      'completed after one run, the log says why once a minute; the process lives; Redis grows by less than 10 MB',
    quick: false,
    run: (stage) =>
      misbehave(stage, async (producer, worker) => {
        for (const what of ['bigint', 'circular', 'huge']) {
          const id = await enqueued(producer, { do: 'return', what });
          await inState(producer, id, 'completed');
          expect(stage.ledger.of('start', id)).toHaveLength(1);
        }
        expect(worker.process.output.match(/null is stored instead/g)).toHaveLength(1);
      }),
  },
  {
    id: 49,
    name: 'an error thrown by a timer of a handler',
    requirement: 'the process ends with code 1; the job is started elsewhere within lock + 2 checks',
    quick: false,
    async run(stage) {
      stage.may.twice = 1;
      const { redis, producer, workers } = await pair(stage);
      const id = await enqueued(producer, { do: 'throwLater' });
      const { code } = await workers[0]!.process.exited;
      expect(code).toBe(1);
      const other = await stage.worker(redis.url).then((worker) => worker.ready());
      const begin = Date.now();
      await started(stage, id, 2);
      const start = stage.ledger.of('start', id)[1]!;
      const resumeMs = Math.max(0, start.at - begin);
      expect(start.pid).toBe(other.process.pid);
      expect(resumeMs).toBeLessThanOrEqual(RECOVERY * SLACK);
      return { resumeMs };
    },
  },
];

/** Handlers throw or return what nobody expects. */
async function misbehave(
  stage: Stage,
  how: (producer: ProducerProcess, worker: WorkerProcess) => Promise<void>,
): Promise<Measured> {
  const { redis, producer, workers } = await pair(stage, 1, { task: { retry: false } });
  const usedMemory = async () => Number(/used_memory:(\d+)/.exec(await redis.cli('info', 'memory'))?.[1]);
  const before = await usedMemory();
  await how(producer, workers[0]!);
  const growth = (await usedMemory()) - before;
  expect(growth).toBeLessThan(10_000_000);
  await finished(stage, await enqueued(producer));
  expect(await workers[0]!.status('live')).toBe(200);
  return { note: `Redis +${Math.round(growth / 1_024)} KiB` };
}
