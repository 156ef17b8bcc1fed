import { Redis } from 'ioredis';
import { seedFinished } from '../../support/finished-jobs.js';
import { eventually } from '../../support/eventually.js';
import { enqueued, finished, inState } from '../harness/expectations.js';
import { pause } from '../harness/pause.js';
import type { ProducerProcess } from '../harness/producer.process.js';
import { type FaultRow, SLACK } from '../harness/row.js';
import type { AppSettings, Stage } from '../harness/stage.js';
import type { WorkerProcess } from '../harness/worker.process.js';

/** How many completed jobs are stored when `keep` is lowered. */
const STORED = 20_000;
const KEPT = 1_000;
/** Milliseconds for which one script may hold Redis. */
const LONGEST_SCRIPT = 25;

/** How often the readiness of a worker is looked at, at least. */
const LOOKS = 20;

/** Keys of the one queue. */
const queueOf = ({ app }: Stage) => `scalr:{${app}}:default`;
const jobKey = (stage: Stage, id: string) => `${queueOf(stage)}:task~${id}`;

/** What is stored is trimmed, forgotten, deleted or made unreadable. */
export const storedRows: FaultRow[] = [
  {
    id: 74,
    name: `keep lowered to ${KEPT} with ${STORED} completed jobs stored`,
    requirement: `all trimmed; no script holds Redis above ${LONGEST_SCRIPT} ms by its SLOWLOG`,
    quick: false,
    async run(stage) {
      const redis = await stage.redis();
      const client = new Redis(redis.url);
      stage.onClose(async () => client.disconnect());
      const queue = queueOf(stage);
      await seedFinished(client, { queue, state: 'completed', name: 'task', count: STORED });
      await client.config('SET', 'slowlog-log-slower-than', LONGEST_SCRIPT * SLACK * 1_000);
      await client.slowlog('RESET');
      const task = { keep: { completed: { count: KEPT } } };
      const producer = await stage.producer(redis.url, { task });
      await stage.worker(redis.url, { task }).then((worker) => worker.ready());
      const begin = Date.now();
      await finished(stage, await enqueued(producer));
      await eventually(async () => expect(await client.zcard(`${queue}:completed`)).toBe(KEPT), {
        timeout: 30_000,
      });
      const ms = Date.now() - begin;
      expect(await client.keys(`${queue}:task~*`)).toHaveLength(KEPT);
      const slow = (await client.slowlog('GET', 100)) as [number, number, number, string[]][];
      const scripts = slow.filter(([, , , [command]]) => command!.toLowerCase().startsWith('eval'));
      expect(scripts).toEqual([]);
      return { note: `trimmed after ${ms} ms` };
    },
  },
  {
    id: 75,
    name: 'an id sent again after its job has ended and was trimmed',
    requirement: 'each is a duplicate, no handler runs twice',
    quick: true,
    async run(stage) {
      const redis = await stage.redis();
      const settings = { task: { keep: { completed: { count: 0 } } } };
      const producer = await stage.producer(redis.url, settings);
      await stage.worker(redis.url, settings).then((worker) => worker.ready());
      const ids = Array.from({ length: 20 }, (_, n) => `order-${n}`);
      for (const id of ids) await enqueued(producer, {}, { id });
      for (const id of ids) await finished(stage, id);
      await eventually(async () =>
        expect(Number(await redis.cli('exists', ...ids.map((id) => jobKey(stage, id))))).toBe(0),
      );
      for (const id of ids) {
        const { status, message } = await producer.enqueue({ options: { id } });
        expect([status, message]).toEqual(['duplicate', undefined]);
      }
      expect((await producer.enqueueMany(ids)).count).toBe(ids.length);
      // Whatever was enqueued before it has run when this one has.
      await finished(stage, await enqueued(producer));
      return { note: `${ids.length} ids, each sent three times` };
    },
  },
  {
    id: 76,
    name: 'the data of a waiting, a delayed and a prioritized job deleted beside a worker that runs others',
    requirement: 'each dead as "data-missing" at its turn, none run; others go on, ready stays',
    quick: false,
    async run(stage) {
      const { redis, producer, worker } = await paused(stage);
      const gone: string[] = [];
      for (const options of [{}, { delay: '1s' }, { priority: 3 }])
        gone.push(await enqueued(producer, {}, options));
      for (const id of gone) await redis.cli('del', jobKey(stage, id));
      const others = await Promise.all([1, 2, 3].map(() => enqueued(producer)));
      await producer.setPaused(false);
      const looks = await readyUntil(worker, async () => {
        for (const id of others) await finished(stage, id);
        await expectDead(stage, producer, gone, 'data-missing');
      });
      return { note: `${gone.length} jobs without data; ready in ${looks} looks` };
    },
  },
  {
    id: 77,
    name: 'five jobs that cannot be read, with a globalConcurrency of 5',
    requirement: 'each dead as "unreadable", none run; others go on, ready stays; no line blames Redis',
    quick: true,
    async run(stage) {
      const queues = { default: { globalConcurrency: 5 } };
      const { redis, producer, worker } = await paused(stage, { queues });
      const damages: [field: string, value: string][] = [
        ['opts', 'oops'],
        ['opts', 'null'],
        ['data', '{"n":'],
        ['opts', '{"attempts":"many"}'],
        ['progress', 'half'],
      ];
      const bad: string[] = [];
      for (const damage of damages) {
        const id = await enqueued(producer);
        await redis.cli('hset', jobKey(stage, id), ...damage);
        bad.push(id);
      }
      const others = await Promise.all([1, 2, 3, 4, 5].map(() => enqueued(producer)));
      await producer.setPaused(false);
      const looks = await readyUntil(worker, async () => {
        for (const id of others) await finished(stage, id);
        await expectDead(stage, producer, bad, 'unreadable');
      });
      expect(Number(await redis.cli('llen', `${queueOf(stage)}:active`))).toBe(0);
      expect(worker.process.output).not.toMatch(/Redis at |Redis did not answer|Redis refuse/);
      return { note: `${bad.length} unreadable jobs; ready in ${looks} looks` };
    },
  },
];

/** A worker that is ready, with its queue paused. */
async function paused(stage: Stage, settings: AppSettings = {}) {
  const redis = await stage.redis();
  const producer = await stage.producer(redis.url, settings);
  const worker = await stage.worker(redis.url, settings).then((booting) => booting.ready());
  await producer.setPaused(true);
  return { redis, producer, worker };
}

/** The worker is ready at each look while that happens; resolves with the number of looks. */
async function readyUntil(worker: WorkerProcess, what: () => Promise<void>): Promise<number> {
  const answers: number[] = [];
  const state = { over: false };
  const happens = what().finally(() => (state.over = true));
  do {
    answers.push(await worker.status());
    await pause(50);
  } while (!state.over || answers.length < LOOKS);
  await happens;
  expect(new Set(answers)).toEqual(new Set([200]));
  return answers.length;
}

async function expectDead(stage: Stage, producer: ProducerProcess, ids: string[], reason: string) {
  for (const id of ids) {
    expect((await inState(producer, id, 'dead')).reason, `reason of ${id}`).toBe(reason);
    expect(stage.ledger.of('start', id)).toHaveLength(0);
  }
}
