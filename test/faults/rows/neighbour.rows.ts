import { randomBytes } from 'node:crypto';
import { seedDead } from '../../support/dead-jobs.js';
import { enqueued } from '../harness/expectations.js';
import { pause } from '../harness/pause.js';
import type { ProducerProcess } from '../harness/producer.process.js';
import { type FaultRow, SLACK } from '../harness/row.js';

const JOBS = 100_000;
/** Jobs that app A may have waiting. */
const QUOTA = 20_000;
/** Milliseconds, for 99 of 100 calls of app B. */
const PROMISE = 250;

/** How long calls of app B take while app A does something, and what that came to. */
async function beside<T>(neighbour: ProducerProcess, work: Promise<T>) {
  const times: number[] = [];
  const state = { busy: true };
  const done = work.finally(() => (state.busy = false));
  const begin = Date.now();
  while (state.busy || times.length < 100) {
    const { code, ms } = await neighbour.enqueue({ payload: { blob: randomBytes(200).toString('hex') } });
    expect(code).toBeUndefined();
    times.push(ms);
    await pause(5);
  }
  const outcome = await done;
  const sorted = times.toSorted((one, two) => one - two);
  return {
    outcome,
    took: Date.now() - begin,
    p99: sorted[Math.floor(sorted.length * 0.99)]!,
    longest: sorted.at(-1)!,
  };
}

/** Another app on the same Redis. */
export const neighbourRows: FaultRow[] = [
  {
    id: 64,
    name: 'app A floods the shared Redis with 100,000 jobs, works some of them off, retries and deletes 100,000 dead ones',
    requirement:
      'app B enqueues in 250 ms at the 99th percentile in each phase; A is refused at its quota of 20,000 waiting jobs, 25 % more at most',
    quick: false,
    alone: true,
    patience: 300,
    async run(stage) {
      const redis = await stage.redis();
      const appOf = (name: string) => `${stage.app}-${name}`;
      const [flood, limited, b] = await Promise.all([
        stage.producer(redis.url, { app: appOf('a') }),
        stage.producer(redis.url, { app: appOf('q'), queues: { default: { maxBacklog: QUOTA } } }),
        stage.producer(redis.url, { app: appOf('b') }),
      ]);
      await enqueued(b);

      const flooded = await beside(b, flood.enqueueCount(JOBS));
      expect(flooded.outcome.count, `${flooded.outcome.message}`).toBe(JOBS);

      await limited.load({ rate: 20_000, lanes: 500 });
      const refusing = await beside(b, pause(8_000));
      const totals = await limited.stopLoad();
      expect(totals.refused).toBeGreaterThan(0);
      const waiting = Number(await redis.cli('llen', `scalr:{${appOf('q')}}:default:wait`));
      expect(waiting).toBeGreaterThanOrEqual(QUOTA);
      expect(waiting).toBeLessThanOrEqual(QUOTA * 1.25);

      const worker = await stage.worker(redis.url, { app: appOf('a'), run: { concurrency: 50 } });
      const drained = await beside(b, pause(10_000));
      await worker.process.kill();
      const workedOff = stage.ledger.of('finish').length;
      expect(workedOff).toBeGreaterThan(0);

      const dead = { app: appOf('a'), queue: 'default', name: 'task', count: JOBS };
      await seedDead(redis.url, dead);
      const retried = await beside(b, flood.dead('retry'));
      expect(retried.outcome.done, `${retried.outcome.message}`).toMatchObject({ retried: JOBS });
      await seedDead(redis.url, { ...dead, app: appOf('d') });
      const deleter = await stage.producer(redis.url, { app: appOf('d') });
      await enqueued(deleter);
      const deleted = await beside(b, deleter.dead('delete'));
      expect(deleted.outcome.done, `${deleted.outcome.message}`).toMatchObject({ deleted: JOBS });

      const phases = { flooded, 'over quota': refusing, 'worked off': drained, retried, deleted };
      const note = Object.entries(phases)
        .map(([phase, { p99, took }]) => `${phase} (${(took / 1_000).toFixed(1)} s): ${p99} ms`)
        .join(', ');
      const longestMs = Math.max(...Object.values(phases).map(({ longest }) => longest));
      Object.assign(stage.figures, { longestMs, note: `99 % of B while A is ${note}` });
      for (const { p99 } of Object.values(phases))
        expect(p99, `99 % while ${note}`).toBeLessThanOrEqual(PROMISE * SLACK);
      return { longestMs, note: `99 % of B while A is ${note}; ${workedOff} worked off` };
    },
  },
];
