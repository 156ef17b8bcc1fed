import { Injectable } from '@nestjs/common';
import { Redis } from 'ioredis';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import {
  defineJob,
  type History,
  HistoryService,
  type HistorySeries,
  ProcessJob,
  QueuesService,
} from 'scalr-queue';
import { WORKER_HEARTBEAT } from '../../libs/scalr-queue/src/contract/defaults.js';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { capturedLog } from '../support/captured-log.js';
import { commandsOf } from '../support/command-line.js';
import { eventually } from '../support/eventually.js';
import { keysOf } from '../support/hostile.js';
import { sharedRedisUrl } from '../support/redis.js';

const Send = defineJob<number>('invoice.send', { queue: 'mail', retry: { attempts: 2, delay: 1 } });
const Print = defineJob<number>('invoice.print', { queue: 'paper' });

const Block = defineJob<{ ms: number }>('block', { retry: { attempts: 5, delay: 50 } });

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

  it('has of a worker that is killed all but what it did since its last heartbeat', async () => {
    const app = uniqueApp();
    const { queue, get } = await startProducer({ app });
    const file = new URL('children/blocking-worker.mjs', import.meta.url);
    const child = fork(file, [sharedRedisUrl(), app], { silent: true });
    onTestFinished(() => void child.kill('SIGKILL'));
    const history = get(HistoryService);
    const told = async () => total((await history.read({ range: '1h' })).series.done);
    const redis = await connect();
    const completed = () => redis.zcard(`scalr:{${app}}:default:completed`);
    await queue.enqueueMany(
      Block,
      Array.from({ length: 20 }, () => ({ ms: 0 })),
    );
    await eventually(async () => expect(await told()).toBe(20), { timeout: 30_000 });
    await queue.enqueueMany(
      Block,
      Array.from({ length: 10 }, () => ({ ms: 0 })),
    );
    await eventually(async () => expect(await completed()).toBe(30), { timeout: 30_000 });
    child.kill('SIGKILL');
    await once(child, 'exit');
    // As a rule 20: the heartbeat may have come meanwhile.
    expect(await told()).toBeOneOf(Array.from({ length: 11 }, (_, n) => 20 + n));
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
});
