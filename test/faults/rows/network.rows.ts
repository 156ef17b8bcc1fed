import { eventually } from '../../support/eventually.js';
import { enqueued, expectRefused, finished, heals, inDoubt } from '../harness/expectations.js';
import { oneWayLink } from '../harness/one-way-link.js';
import { pause } from '../harness/pause.js';
import type { FaultRow } from '../harness/row.js';
import { underLoad } from '../harness/under-load.js';

/** The network between the processes and Redis is bad. */
export const networkRows: FaultRow[] = [
  {
    id: 13,
    name: 'a reply lost after Redis did its work',
    requirement: 'the call is unknown, one job, also when it is asked again',
    quick: true,
    async run(stage) {
      const redis = await stage.redis();
      const proxy = await stage.proxy(redis.port);
      const producer = await stage.producer(proxy.url);
      await stage.worker(redis.url).then((worker) => worker.ready());
      await enqueued(producer);
      proxy.dropReplyTo('marked-payload');
      const unsure = await producer.enqueue({ payload: { text: 'marked-payload' } });
      expectRefused(unsure, 'OUTCOME_UNKNOWN', 1_100);
      const id = unsure.jobId!;
      await finished(stage, id);
      await heals(producer, 2_000);
      const again = await producer.enqueue({ payload: { text: 'marked-payload' }, options: { id } });
      expect(again.status).toBe('duplicate');
      // Whatever was enqueued before it has run when this one has.
      await finished(stage, await enqueued(producer));
      expect(stage.ledger.of('start', id)).toHaveLength(1);
      return { longestMs: unsure.ms };
    },
  },
  {
    id: 14,
    name: 'half-open connections: the old ones silent, new ones fine',
    requirement: 'calls settle in 1.1 s; the producer heals in 5 s, the worker in 15 s',
    quick: true,
    async run(stage) {
      const redis = await stage.redis();
      const proxy = await stage.proxy(redis.port);
      const producer = await stage.producer(proxy.url);
      const worker = await stage.worker(proxy.url, { worker: { lockDuration: '30s' } });
      await worker.ready();
      await enqueued(producer);
      await eventually(() => stage.ledger.of('finish').length === 1);
      proxy.blackHole();
      const holeAt = Date.now();
      const unsure = await producer.enqueue();
      expectRefused(unsure, 'OUTCOME_UNKNOWN', 1_100);
      const healMs = await heals(producer, 5_000);
      await eventually(() => stage.ledger.of('finish').length > 1, { timeout: 22_500 });
      const resumeMs = stage.ledger.of('finish')[1]!.at - holeAt;
      expect(resumeMs).toBeLessThanOrEqual(15_000);
      return { longestMs: unsure.ms, resumeMs, note: `the producer healed in ${healMs + unsure.ms} ms` };
    },
  },
  {
    id: 15,
    needs: ['network namespaces'],
    name: 'one-way loss for 20 s: what Redis sends is lost on the way, what is sent to it arrives',
    requirement:
      'calls settle in 1.1 s as unknown, the same id makes one job; none lost or twice; resumes in 2 s',
    quick: false,
    patience: 150,
    async run(stage) {
      const redis = await stage.redis();
      const link = await oneWayLink(stage, redis.port);
      const producer = await stage.producer(link.url);
      const locks = { lockDuration: '30s', stalledInterval: '5s' };
      await stage.worker(link.url, { worker: locks }).then((worker) => worker.ready());
      return underLoad(stage, [producer], {
        resume: 2_000,
        after: 3,
        // A job fetched for a connection that was given up meanwhile waits for its lock: 30 s and two checks.
        drain: 60_000,
        fault: async () => {
          await link.loseReplies(true);
          const over = pause(20_000);
          const unsure = await producer.enqueue();
          expectRefused(unsure, 'OUTCOME_UNKNOWN', 1_100);
          await over;
          await link.loseReplies(false);
          const healedAt = Date.now();
          await heals(producer, 2_000);
          const again = await producer.enqueue({ options: { id: unsure.jobId } });
          expect(again.status).toBe('duplicate');
          await finished(stage, unsure.jobId!, 60_000);
          expect(stage.ledger.of('start', unsure.jobId)).toHaveLength(1);
          return healedAt;
        },
      });
    },
  },
  {
    id: 16,
    name: '200 ms of latency each way, for 60 s',
    requirement: '19 of 20 calls succeed; no job taken for stalled, none twice',
    quick: false,
    patience: 120,
    async run(stage) {
      const redis = await stage.redis();
      const proxy = await stage.proxy(redis.port);
      const producer = await stage.producer(proxy.url);
      const worker = await stage.worker(proxy.url).then((booting) => booting.ready());
      const figures = await underLoad(stage, [producer], {
        rate: 10,
        payload: { ms: 300 },
        troubled: 0.05,
        drain: 30_000,
        fault: async () => {
          proxy.delay = 200;
          await pause(60_000);
          return Date.now();
        },
      });
      expect(worker.process.output).not.toMatch(/\bstalled task /);
      return figures;
    },
  },
  {
    id: 17,
    name: 'replies that trickle in, 1 byte each 10 ms',
    requirement: 'calls settle in 1.1 s, some of them as unknown; none lost or twice',
    quick: false,
    async run(stage) {
      const redis = await stage.redis();
      const proxy = await stage.proxy(redis.port);
      const producer = await stage.producer(proxy.url);
      await stage.worker(redis.url).then((worker) => worker.ready());
      return underLoad(stage, [producer], {
        rate: 50,
        after: 3,
        fault: async () => {
          proxy.trickle = 10;
          const over = pause(8_000);
          // The replies are so slow that callers are not told in time.
          await inDoubt(producer);
          await over;
          proxy.trickle = 0;
          return Date.now();
        },
      });
    },
  },
  {
    id: 18,
    name: 'a connection reset in the middle of a pipeline of 1,000 jobs',
    requirement: 'the outcome is unknown; the same call again makes exactly 1,000 jobs',
    quick: true,
    async run(stage) {
      const redis = await stage.redis();
      const proxy = await stage.proxy(redis.port);
      const producer = await stage.producer(proxy.url);
      await enqueued(producer);
      const ids = Array.from({ length: 1_000 }, (_, index) => `many-${index}`);
      proxy.cutAfter(200_000);
      const unsure = await producer.enqueueMany(ids);
      expectRefused(unsure, 'OUTCOME_UNKNOWN', 1_100);
      await heals(producer, 2_000);
      // A busy machine may need more than one call for all of them; the same ids keep it at 1,000 jobs.
      await eventually(async () => expect((await producer.enqueueMany(ids)).count).toBe(1_000));
      await stage.worker(redis.url).then((worker) => worker.ready());
      await eventually(
        () => {
          const done = new Set(stage.ledger.of('finish').map(({ id }) => id));
          return ids.every((id) => done.has(id));
        },
        { timeout: 20_000, interval: 200 },
      );
      const made = new Set(stage.ledger.of('start').map(({ id }) => id));
      // With the one that was enqueued first.
      expect([...made].filter((id) => id.startsWith('many-'))).toHaveLength(1_000);
      return {
        longestMs: unsure.ms,
        note: `${unsure.jobIds?.length} jobs in doubt`,
      };
    },
  },
];
