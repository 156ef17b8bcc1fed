import { Injectable, Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import {
  defineJob,
  type History,
  HistoryService,
  type HistorySeries,
  ProcessJob,
  QueuesService,
} from 'scalr-queue';
import { WORKER_HEARTBEAT } from '../../libs/scalr-queue/src/contract/defaults.js';
import { RedisEngine } from '../../libs/scalr-queue/src/engine/redis/redis.engine.js';
import { HistoryWriter } from '../../libs/scalr-queue/src/history/history.writer.js';
import { MINUTE } from '../../libs/scalr-queue/src/history/layout.js';
import { JobEvents } from '../../libs/scalr-queue/src/observability/job-event.stream.js';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { capturedLog } from '../support/captured-log.js';
import { commandsOf } from '../support/command-line.js';
import { eventually } from '../support/eventually.js';
import { keysOf } from '../support/hostile.js';
import { RedisServer, sharedRedisUrl } from '../support/redis.js';
import { workerOf } from '../support/worker-info.js';

const Send = defineJob<number>('invoice.send', { queue: 'mail', retry: { attempts: 2, delay: 1 } });
const Print = defineJob<number>('invoice.print', { queue: 'paper' });

@Injectable()
class Handlers {
  @ProcessJob(Send)
  send(number: number) {
    if (number < 0) throw new Error('no such invoice');
  }

  @ProcessJob(Print)
  print() {}
}

const total = (column: HistorySeries['done'] = []) =>
  column.reduce<number>((sum, some) => sum + (some ?? 0), 0);

async function connect() {
  const redis = new Redis(sharedRedisUrl());
  onTestFinished(() => redis.disconnect());
  return redis;
}

describe('the history of an app', () => {
  it('adds up to what its workers tell, and is complete when they have shut down', async () => {
    const app = uniqueApp();
    const workers = [
      await startWorker({ app, providers: [Handlers] }),
      await startWorker({ app, providers: [Handlers] }),
    ];
    const { queue, get } = await startProducer({ app });
    const [history, queues] = [get(HistoryService), get(QueuesService)];
    await queue.enqueueMany(Send, [1, 2, 3, 4, 5, 6, -1, -2]);
    await queue.enqueueMany(Print, [1, 2, 3]);
    const counts = await eventually(
      async () => {
        const all = (await queues.workers()).flatMap((worker) => worker.counts);
        const sum = (name: 'completed' | 'dead' | 'retried') =>
          all.reduce((some, one) => some + one[name], 0);
        const found = { completed: sum('completed'), dead: sum('dead'), retried: sum('retried') };
        expect(found).toEqual({ completed: 9, dead: 2, retried: 2 });
        return found;
      },
      { timeout: 30_000 },
    );
    await Promise.all(workers.map((worker) => worker.close()));
    const { series, t0, step, asOf } = await history.read({ range: '1h' });
    expect(t0 + 60 * step).toBeGreaterThan(asOf);
    expect(total(series.done)).toBe(counts.completed);
    expect(total(series.dead)).toBe(counts.dead);
    expect(total(series.failed)).toBe(counts.dead + counts.retried);
    expect(total(series.started)).toBe(11);
    expect(total((await history.read({ kind: 'invoice.print' })).series.done)).toBe(3);
    expect(total((await history.read({ queue: 'mail' })).series.done)).toBe(6);
    expect(total((await history.read({ queue: 'paper' })).series.started)).toBe(3);
    const { lines, json } = commandsOf(app);
    const drawn = await lines('history --range 1h');
    expect(drawn[0]).toMatch(/^done ·+[▁-█·]+ 9$/u);
    expect(drawn.map((line) => line.split(/\s/, 1)[0])).toEqual(
      expect.arrayContaining(['done', 'failed', 'dead', 'run', 'started', 'wait', 'oldest', 'a']),
    );
    const ofPrint = (await json('history --kind invoice.print')) as History;
    expect(total(ofPrint.series.done)).toBe(3);
    // Also in the cells of ten minutes; an hour ago nobody lived.
    const days = await history.read({ range: '14d' });
    expect(total(days.series.done)).toBe(9);
    expect(series.done[0]).toBeNull();
    expect(series.waitP95Ms!.findLast((wait) => wait !== null)).toBeGreaterThan(0);
  });

  it('goes by itself: each of its keys expires', async () => {
    const app = uniqueApp();
    const worker = await startWorker({ app, providers: [Handlers] });
    const { queue } = await startProducer({ app });
    await queue.enqueue(Print, 1);
    const redis = await connect();
    await eventually(async () => expect(await redis.zcard(`scalr:{${app}}:paper:completed`)).toBe(1));
    await worker.close();
    const keys = (await keysOf(app)).filter((key) => key.includes(':~h:'));
    const day = Math.floor(Date.now() / 86_400_000);
    const kept = ['a', 'k:invoice.print', 'k10:invoice.print', 'q:paper', 'q10:paper'];
    const named = keys.map((key) => key.slice(key.indexOf('~h:') + 3)).filter((name) => name !== 'v');
    // Midnight may have passed meanwhile.
    expect(new Set(named.map((name) => name.replace(/:\d+$/, '')))).toEqual(new Set(kept));
    for (const name of named) expect(Number(/\d+$/.exec(name)![0]) - day).toBeOneOf([0, 1]);
    for (const key of keys.filter((one) => !one.endsWith('~h:v'))) {
      const hours = (await redis.pttl(key)) / 3_600_000;
      expect(hours).toBeGreaterThan(24);
      expect(hours).toBeLessThanOrEqual(/:(a|[kq]10):/.test(key) ? 15 * 24 + 1 : 49);
    }
  });

  it('is not written where it is off: the same keys, but for those', async () => {
    const keysWith = async (history: false | undefined) => {
      const app = uniqueApp();
      const worker = await startWorker({
        app,
        providers: [Handlers],
        ...(history === false ? { history } : {}),
      });
      const { queue } = await startProducer({ app });
      const job = await queue.enqueue(Print, 1, { id: 'one' });
      const redis = await connect();
      await eventually(async () => expect(await redis.zcard(`scalr:{${app}}:paper:completed`)).toBe(1));
      expect(job.id).toBe('one');
      await worker.close();
      return (await keysOf(app))
        .map((key) => key.replace(app, 'app'))
        .filter((key) => !key.includes('~finished'));
    };
    const without = await keysWith(false);
    const beside = await keysWith(undefined);
    const ofHistory = (key: string) => /:~h:|:~dead-workers$/.test(key);
    expect(without.filter(ofHistory)).toEqual([]);
    expect(beside.filter((key) => !ofHistory(key)).toSorted()).toEqual(without.toSorted());
    expect(beside.length).toBeGreaterThan(without.length);
  });

  it('costs an idle worker a command a minute, and a busy one two for each string that changes', async () => {
    const app = uniqueApp();
    const redis = await connect();
    const monitor = await redis.duplicate().monitor();
    onTestFinished(() => monitor.disconnect());
    const seen: string[][] = [];
    monitor.on('monitor', (_time, args: string[]) => {
      if (args.some((arg) => arg.startsWith(`scalr:{${app}}:~h:`))) seen.push(args);
    });
    const worker = await startWorker({ app, providers: [Handlers] });
    const { queue } = await startProducer({ app });
    await eventually(async () => expect(seen.length).toBeGreaterThanOrEqual(2));
    const named = (args: readonly string[]) =>
      `${args[0]!.toLowerCase()} ${args[1]!.replace(/.*~h:/, '').replace(/:\d+$/, '')}`;
    expect(seen.map(named).filter((name) => !name.includes(' v'))).toEqual(['bitfield a', 'pexpire a']);
    seen.length = 0;
    await queue.enqueueMany(Print, [1, 2, 3, 4]);
    await eventually(async () => expect(seen.map(named)).toContain('pexpire q10:paper'), {
      timeout: 3 * WORKER_HEARTBEAT,
    });
    const expected = ['k:invoice.print', 'q:paper', 'k10:invoice.print', 'q10:paper'];
    const counts = seen.map(named).filter((name) => !/ (a|v)$/.test(name));
    const commands = expected.flatMap((name) => [`bitfield ${name}`, `pexpire ${name}`]);
    expect(new Set(counts)).toEqual(new Set(commands));
    // The heartbeat may have come between two of the jobs.
    expect(counts.length).toBeLessThanOrEqual(2 * commands.length);
    await worker.close();
  });

  it('is a gap for a user of Redis that may not write it, of which one line tells; jobs run all the same', async () => {
    const app = uniqueApp();
    const admin = await connect();
    await admin.call(
      'acl',
      'setuser',
      app,
      'on',
      '>secret',
      `~scalr:{${app}}:*`,
      'resetchannels',
      '+@all',
      '-bitfield',
    );
    onTestFinished(async () => void (await admin.call('acl', 'deluser', app)));
    const redis = Object.assign(new URL(sharedRedisUrl()), { username: app, password: 'secret' }).href;
    const log = capturedLog();
    const { queue, get } = await startProducer({ app, redis });
    const worker = await startWorker({ app, redis, providers: [Handlers] }, { logger: log.logger });
    await queue.enqueueMany(Send, [1, 2]);
    const queues = get(QueuesService);
    await eventually(
      async () => expect((await queues.workers())[0]?.counts).toMatchObject([{ completed: 2 }]),
      {
        timeout: 30_000,
      },
    );
    await worker.close();
    const lines = [...log.lines('warn'), ...log.lines('error')].filter((line) => line.includes('history'));
    expect(lines).toEqual([expect.stringMatching(/gap.*bitfield/)]);
    expect((await get(HistoryService).read()).series.done.every((value) => value === null)).toBe(true);
    expect(await keysOf(app)).not.toContainEqual(expect.stringMatching(/~h:[kqa]/));
  });

  describe('by a clock of its own', () => {
    const MIDNIGHT = Date.parse('2026-05-02T00:00:00Z');

    /** A worker that writes when it is told to, as if it were another time. */
    async function writing(redis = sharedRedisUrl()) {
      const app = uniqueApp();
      const { get } = await startProducer({ app, redis });
      const engine = get(RedisEngine);
      const time = { now: MIDNIGHT - 1 };
      const clock = { now: () => time.now, after: () => () => undefined };
      const events = new JobEvents();
      const writer = new HistoryWriter(engine, events, { history: { days: 14 }, clock });
      const job = { id: 'j', name: 'send', queue: 'mail', attempt: 1, maxAttempts: 5, runMs: 3, waitMs: 4 };
      const write = async (jobs: number) => {
        for (let n = 0; n < jobs; n++) {
          events.emit('started', () => job);
          events.emit('completed', () => job);
        }
        await writer.end(workerOf({ queues: ['mail'] }));
      };
      engine.types.record({ name: 'send', queue: 'mail' });
      const history = new HistoryService(engine, { clock });
      return { app, time, write, history };
    }

    it('goes on over midnight, and writes behind the end of no string when the clock jumps', async () => {
      const { app, time, write, history } = await writing();
      await write(1);
      time.now = MIDNIGHT;
      await write(2);
      for (const step of ['1m', '10m'] as const) {
        const { series } = await history.read({ range: '24h', step });
        expect(series.done.slice(-2)).toEqual([1, 2]);
        expect(series.started!.slice(-2)).toEqual([1, 2]);
      }
      for (const jump of [-1, 0, Date.parse('2100-01-01T23:59:59.999Z'), 1e15]) {
        time.now = jump;
        await write(1);
      }
      const redis = await connect();
      const cells = { a: 180, k: 1_440 * 16, q: 1_440 * 39, k10: 144 * 16, q10: 144 * 39 };
      const keys = (await keysOf(app)).filter((key) => /:~h:(a|[kq](10)?):/.test(key));
      expect(keys.length).toBeGreaterThan(20);
      for (const key of keys) {
        const series = /:~h:([^:]+)/.exec(key)![1] as keyof typeof cells;
        expect(await redis.strlen(key)).toBeLessThanOrEqual(cells[series]);
        expect(await redis.pttl(key)).toBeGreaterThan(0);
      }
    });

    it('has a gap while Redis is full, and goes on when it is not', async () => {
      await using redis = await RedisServer.start();
      const { time, write, history } = await writing(redis.url);
      const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
      onTestFinished(() => warn.mockRestore());
      await write(1);
      await redis.cli('config', 'set', 'maxmemory', '1');
      for (const jobs of [2, 3]) {
        time.now += MINUTE;
        await write(jobs);
      }
      const told = warn.mock.calls.map(([line]) => String(line)).filter((line) => line.includes('history'));
      expect(told).toEqual([expect.stringMatching(/gap.*OOM/)]);
      await redis.cli('config', 'set', 'maxmemory', '0');
      time.now += MINUTE;
      await write(4);
      const { series } = await history.read({ range: '1h' });
      expect(series.done.slice(-5)).toEqual([null, 1, null, null, 4]);
    });
  });
});
