import { eventually } from '../../support/eventually.js';
import { provenance } from '../harness/provenance.js';
import { appendLine, soaksFile } from '../harness/results.js';
import { SLACK } from '../harness/row.js';
import { Stage } from '../harness/stage.js';
import { ENQUEUE_PROMISE } from '../harness/under-load.js';
import { rage } from './chaos.js';

const seed = Number(process.env['SCALR_SOAK_SEED'] ?? 1);
/** With every `npm test` a short one; `npm run soak` and `npm run release:check` take longer. */
const minutes = Number(process.env['SCALR_SOAK_MINUTES'] ?? 0.5);
/** What the report promises of the soak is of so many minutes: a shorter one must not stand in for it. */
const REPORTED = 1.5;
const PRODUCERS = 2;
const WORKERS = 3;
/** Jobs a second of all producers: what 90 s of them with all the pauses need for 25,000. */
const RATE = 500;
const ENOUGH_PER_MINUTE = 25_000 / 1.5;

/** As an app that wants to be back within seconds has it. */
const WORKER = { lockDuration: '5s', stalledInterval: '1s', maxCrashes: 20 };

it(`survives ${minutes} minutes of chaos, seed ${seed}`, { timeout: (minutes + 3) * 60_000 }, async () => {
  const stage = await Stage.open(68, seed);
  try {
    const redis = await stage.redis();
    const proxy = await stage.proxy(redis.port);
    const startWorker = () => stage.worker(proxy.url, { worker: WORKER });
    const workers = await Promise.all(Array.from({ length: WORKERS }, startWorker));
    await Promise.all(workers.map((worker) => worker.ready()));
    const producers = await Promise.all(Array.from({ length: PRODUCERS }, () => stage.producer(proxy.url)));
    const begin = Date.now();
    await Promise.all(producers.map((producer) => producer.load({ rate: RATE / PRODUCERS, lanes: 16 })));
    const tally: Record<string, number> = {};
    const faults = await rage(
      { redis, proxy, workers, startWorker, random: stage.random },
      minutes * 60_000,
      (fault) => {
        tally[fault] = (tally[fault] ?? 0) + 1;
        console.log(`${((Date.now() - begin) / 1_000).toFixed(1)} s ${fault}`);
      },
    );
    const totals = await Promise.all(producers.map((producer) => producer.stopLoad()));
    const stoppedAt = Date.now();
    const { ledger } = stage;
    await eventually(() => ledger.unfinished().length === 0, { timeout: 60_000, interval: 250 }).catch(
      () => undefined,
    );
    const acknowledged = ledger.acknowledged().size;
    const twice = ledger.twice().length;
    const result = {
      seed,
      minutes,
      faults,
      tally,
      acknowledged,
      lost: ledger.unfinished().length,
      twice,
      twiceShare: twice / acknowledged,
      unknown: totals.reduce((sum, { unknown }) => sum + unknown, 0),
      longestMs: Math.max(...totals.map(({ longest }) => longest)),
      drainedMs: Date.now() - stoppedAt,
      at: new Date().toISOString(),
      ...(await provenance()),
    };
    if (minutes >= REPORTED) appendLine(soaksFile, result);
    console.log(JSON.stringify(result, null, 2));
    expect(result.lost, 'acknowledged jobs that never ran').toBe(0);
    expect(result.twiceShare, 'share of jobs that ran twice').toBeLessThanOrEqual(0.001);
    expect(result.longestMs, 'longest enqueue').toBeLessThanOrEqual(ENQUEUE_PROMISE * SLACK);
    expect(acknowledged).toBeGreaterThanOrEqual(ENOUGH_PER_MINUTE * minutes);
  } finally {
    await stage.close();
  }
});
