import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../../support/eventually.js';
import type { PostgresServer } from '../../support/postgres.js';
import type { RedisServer } from '../../support/redis.js';
import { expectRefused, within } from '../harness/expectations.js';
import { pause } from '../harness/pause.js';
import type { ProducerProcess } from '../harness/producer.process.js';
import type { FaultRow } from '../harness/row.js';
import type { AppSettings, RelayTrap, Stage } from '../harness/stage.js';

const durable = { durable: true };
const MOMENTS = ['before send', 'before mark', 'after mark'] as const;
/** Milliseconds that a leader's lease lasts. */
const LEASE = 5_000;
/** Apps that share a database, each with a relay of its own to be killed. */
const APPS = 5;
const KILLS = 10;
const LEADS = /This process relays the outbox/;

/** Jobs that are recorded in PostgreSQL before Redis hears of them. */
export const outboxRows: FaultRow[] = [
  {
    id: 110,
    name: 'the relay killed 50 times under load: before it sends, before it marks, after it has marked',
    requirement: '0 lost, 0 run twice because of it',
    quick: false,
    patience: 420,
    run: (stage) => killRelays(stage, APPS, KILLS),
  },
  {
    id: 111,
    name: 'the relay killed three times under load',
    requirement: '0 lost, 0 run twice because of it',
    quick: true,
    patience: 150,
    run: (stage) => killRelays(stage, 1, MOMENTS.length),
  },
  {
    id: 112,
    name: 'the relay stopped for longer than its lease, in each moment of its work, while another one leads',
    requirement: '0 lost, 0 stored twice',
    quick: false,
    patience: 180,
    async run(stage) {
      const [redis, postgres] = await Promise.all([stage.redis(), stage.postgres()]);
      const { producer } = await startApp(stage, redis, postgres);
      await producer.load({ rate: 100, lanes: 4 });
      const outbox = (trap?: RelayTrap) => relaying(postgres, trap);
      let stops = 0;
      for (const moment of MOMENTS) {
        const trap = { moment, after: 5, signal: 'SIGSTOP' } as const;
        const first = await stage.relay(redis.url, { ...outbox(trap), task: durable });
        await first.waitForOutput(LEADS, 30_000);
        const second = await stage.relay(redis.url, { ...outbox(), task: durable });
        await second.waitForOutput(LEADS, 30_000);
        stops++;
        first.signal('SIGCONT');
        // Both run beside each other for a while.
        await pause(2_000);
        await first.stop();
        await second.stop();
      }
      await stage.relay(redis.url, { ...outbox(), task: durable });
      const { acknowledged } = await producer.stopLoad();
      await allFinished(stage);
      return { note: `${stops} stops of more than ${LEASE / 1_000} s, ${acknowledged} jobs` };
    },
  },
  {
    id: 113,
    name: 'PostgreSQL frozen, killed, restarted while web and worker run',
    requirement: 'callers get a typed error within 1.1 s; nothing is lost; all heal by themselves',
    quick: false,
    patience: 180,
    async run(stage) {
      const [redis, postgres] = await Promise.all([stage.redis(), stage.postgres()]);
      const { producer } = await startApp(stage, redis, postgres, {});
      await producer.load({ rate: 50, lanes: 2 });
      await eventually(() => expect(stage.ledger.of('finish').length).toBeGreaterThan(20));
      let longestMs = 0;
      const refused = async (codes: readonly string[]) => {
        const outcome = await eventually(async () => {
          const call = await producer.enqueue();
          expect(call.code).toBeDefined();
          return call;
        });
        expect(codes).toContain(outcome.code);
        expectRefused(outcome, outcome.code!, 1_100);
        longestMs = Math.max(longestMs, outcome.ms);
      };
      const healed = () =>
        within(15_000, async () => expect((await producer.enqueue()).code).toBeUndefined());

      postgres.freeze();
      await refused(['OUTCOME_UNKNOWN', 'QUEUE_UNAVAILABLE']);
      await pause(4_000);
      postgres.thaw();
      const thawed = await healed();
      await postgres.kill();
      await refused(['QUEUE_UNAVAILABLE', 'OUTCOME_UNKNOWN']);
      await postgres.restart();
      const revived = await healed();
      await postgres.restart();
      await healed();
      const { acknowledged } = await producer.stopLoad();
      await allFinished(stage);
      return {
        longestMs,
        resumeMs: Math.max(thawed, revived),
        note: `${acknowledged} jobs of the load acknowledged`,
      };
    },
  },
  {
    id: 114,
    name: 'Redis down for 60 s while durable jobs are enqueued',
    requirement: 'each call is told `recorded`; all run afterwards',
    quick: false,
    patience: 240,
    run: (stage) => redisDown(stage, 60_000),
  },
  {
    id: 115,
    name: 'Redis down for 3 s while durable jobs are enqueued',
    requirement: 'each call is told `recorded`; all run afterwards',
    quick: true,
    run: (stage) => redisDown(stage, 3_000),
  },
  {
    id: 116,
    name: 'Redis emptied with 10,000 durable jobs in it: running, waiting and delayed',
    requirement: 'all are back within 5 s and end; twice runs only what had ended in the last second before',
    quick: false,
    alone: true,
    patience: 240,
    async run(stage) {
      const [redis, postgres] = await Promise.all([stage.redis(), stage.postgres()]);
      const { producer } = await startApp(stage, redis, postgres, { concurrency: 100 });
      const gate = join(stage.dir, 'gate');
      // Some have ended long before, and some just so.
      await producer.recordMany(200, {});
      await allFinished(stage);
      await pause(2_000);
      for (const [count, payload, options] of [
        [100, { do: 'gate', file: gate }, {}],
        [100, {}, { priority: 1 }],
        [3_000, {}, { delay: 30_000 }],
        [6_800, {}, {}],
      ] as const)
        expect(await producer.recordMany(count, payload, options)).toMatchObject({ count });
      const stored = () => storedJobs(redis, stage.app);
      await eventually(async () => expect(await stored()).toBeGreaterThanOrEqual(9_900), {
        timeout: 60_000,
      });
      const wipedAt = Date.now();
      await redis.cli('FLUSHALL');
      await eventually(async () => expect(await stored()).toBeGreaterThanOrEqual(9_800), {
        timeout: 60_000,
      });
      const backMs = Date.now() - wipedAt;
      await writeFile(gate, '');
      await allFinished(stage, 120_000);
      const late = new Set(
        stage.ledger
          .of('finish')
          .filter(({ at }) => at >= wipedAt - 1_000 && at <= wipedAt)
          .map(({ id }) => id),
      );
      const twice = stage.ledger.twice();
      expect(twice.filter((id) => !late.has(id))).toEqual([]);
      stage.may.twice = late.size;
      expect(backMs).toBeLessThan(5_000 * 1.5);
      return { resumeMs: backMs, note: `${late.size} had ended in the second before` };
    },
  },
  {
    id: 117,
    name: 'transactions that end otherwise than by a commit, beside others that commit',
    requirement: 'no job of a rollback, a savepoint, a lost connection or a serialization failure runs',
    quick: true,
    async run(stage) {
      const [redis, postgres] = await Promise.all([stage.redis(), stage.postgres()]);
      const { producer } = await startApp(stage, redis, postgres, {});
      const refused: string[] = [];
      for (const ending of ['rollback', 'savepoint', 'lost connection', 'serialization failure']) {
        const { jobs, error } = await producer.transactions(10, ending);
        expect(error).toBeUndefined();
        expect(jobs).toHaveLength(10);
        for (const { id, status, failed } of jobs!) {
          expect(status).toBe('recorded');
          if (ending === 'serialization failure') expect(failed).toBe('40001');
          refused.push(id);
        }
      }
      const { jobs } = await producer.transactions(50, 'commit');
      expect(jobs).toHaveLength(50);
      await allFinished(stage);
      // Whatever was recorded before them has been relayed by now.
      const started = new Set(stage.ledger.of('start').map(({ id }) => id));
      expect(refused.filter((id) => started.has(id))).toEqual([]);
      expect(started.size).toBe(50);
      return { note: `${refused.length} transactions without a job, 50 with one` };
    },
  },
];

/** A web process, and a worker; without `run` one that leaves relaying to others. */
async function startApp(
  stage: Stage,
  redis: RedisServer,
  postgres: PostgresServer,
  run?: { concurrency?: number },
  app = stage.app,
): Promise<{ producer: ProducerProcess }> {
  const { url } = postgres;
  const follow = run === undefined;
  const settings = { app, task: durable };
  const worker = await stage.worker(redis.url, { ...settings, outbox: { url, follow }, ...(run && { run }) });
  const producer = await stage.producer(redis.url, { ...settings, outbox: { url } });
  await worker.ready();
  return { producer };
}

function relaying({ url }: PostgresServer, trap?: RelayTrap): Pick<AppSettings, 'outbox'> {
  return { outbox: { url, relay: 'everywhere', ...(trap ? { trap } : {}) } };
}

/** The relays of so many apps are killed so often each, in every moment of their work. */
async function killRelays(stage: Stage, apps: number, kills: number) {
  const [redis, postgres] = await Promise.all([stage.redis(), stage.postgres()]);
  const lives = Array.from({ length: apps }, (_, n) => killRelay(stage, redis, postgres, n, kills));
  const counts = await Promise.all(lives);
  await allFinished(stage);
  const killed = counts.reduce((sum, count) => sum + count, 0);
  return { note: `${killed} kills in ${apps} apps` };
}

async function killRelay(
  stage: Stage,
  redis: RedisServer,
  postgres: PostgresServer,
  number: number,
  kills: number,
): Promise<number> {
  const app = `${stage.app}-${number}`;
  const { producer } = await startApp(stage, redis, postgres, undefined, app);
  await producer.load({ rate: 40, lanes: 2 });
  let killed = 0;
  for (let n = 0; n < kills; n++) {
    const moment = MOMENTS[n % MOMENTS.length]!;
    const trap = { moment, after: 1 + Math.floor(stage.random() * 5), signal: 'SIGKILL' } as const;
    const relay = await stage.relay(redis.url, { app, task: durable, ...relaying(postgres, trap) });
    const { signal } = await relay.exited;
    expect(signal).toBe('SIGKILL');
    expect(relay.output).toMatch(LEADS);
    killed++;
  }
  await stage.relay(redis.url, { app, task: durable, ...relaying(postgres) });
  await producer.stopLoad();
  return killed;
}

async function redisDown(stage: Stage, ms: number) {
  const [redis, postgres] = await Promise.all([stage.redis(), stage.postgres()]);
  const { producer } = await startApp(stage, redis, postgres, {});
  expect(await producer.enqueue()).toMatchObject({ status: 'recorded' });
  await allFinished(stage);
  await redis.kill();
  const end = Date.now() + ms;
  let longestMs = 0;
  let calls = 0;
  while (Date.now() < end) {
    const outcome = await producer.enqueue();
    expect(outcome).toMatchObject({ status: 'recorded' });
    longestMs = Math.max(longestMs, outcome.ms);
    calls++;
    await pause(50);
  }
  await redis.restart();
  const backAt = Date.now();
  await allFinished(stage, 60_000);
  return { longestMs, resumeMs: Date.now() - backAt, note: `${calls} calls while it was down` };
}

/** Every job that a caller was told of has been finished by a handler. */
function allFinished(stage: Stage, timeout = 60_000): Promise<unknown> {
  return eventually(() => expect(stage.ledger.unfinished()).toEqual([]), { timeout, interval: 250 });
}

/** Jobs of the app's one queue that Redis holds and that have not ended. */
async function storedJobs(redis: RedisServer, app: string): Promise<number> {
  const key = (name: string) => `scalr:{${app}}:default:${name}`;
  const lists = ['wait', 'active'].map((name) => redis.cli('llen', key(name)));
  const sets = ['delayed', 'prioritized'].map((name) => redis.cli('zcard', key(name)));
  const counts = await Promise.all([...lists, ...sets]);
  return counts.reduce((sum, count) => sum + Number(count), 0);
}
