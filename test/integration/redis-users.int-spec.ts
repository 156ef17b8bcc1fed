import { Injectable } from '@nestjs/common';
import {
  DeadLetterService,
  defineJob,
  Discard,
  JobContext,
  ProcessJob,
  QueuesService,
  Scheduled,
  SchedulesService,
  Snooze,
} from 'scalr-queue';
import { readQueues } from '../../libs/scalr-queue/src/engine/redis/survey/lean-queues.js';
import { Preflight } from '../../libs/scalr-queue/src/engine/redis/preflight/preflight.js';
import { startProducer, startWorker } from '../support/apps.js';
import { commandLine } from '../support/command-line.js';
import { Pay, Payments, startDashboard } from '../support/dashboard.js';
import { eventually } from '../support/eventually.js';
import { documentedUsers, startRedisWithUsers } from '../support/redis-users.js';

const Work = defineJob<{ act: string }, string>('work', { queue: 'busy', retry: { attempts: 2, delay: 5 } });
const Nightly = defineJob('nightly', { queue: 'busy' });
const Once = defineJob<{ to: string }>('once', { queue: 'busy', unique: { key: ({ to }) => to, for: '1m' } });
const Newest = defineJob<{ to: string }>('newest', {
  queue: 'busy',
  unique: { key: ({ to }) => to, onConflict: 'replace' },
});

@Injectable()
class Worker {
  private readonly seen = new Set<string>();

  @ProcessJob(Work)
  async work({ act }: { act: string }, ctx: JobContext) {
    const first = !this.seen.has(ctx.id);
    this.seen.add(ctx.id);
    await ctx.log('working');
    if (act === 'fail' || (act === 'retry' && first)) throw new Error('broken');
    if (act === 'snooze' && first) throw new Snooze(5);
    if (act === 'discard') throw new Discard('not wanted');
    if (act === 'wait') await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve));
    return act;
  }

  @ProcessJob(Nightly)
  @Scheduled({ cron: '0 3 * * *' })
  nightly() {}

  @ProcessJob(Once)
  once() {}

  @ProcessJob(Newest)
  newest() {}
}

/** Every command that looks. */
const LOOKS = [
  'queues', 'workers', 'jobs', 'jobs --state waiting', 'jobs --state delayed', 'jobs --state running', 'jobs --state dead',
  'jobs --state completed', 'job w1 --payload', 'explain w1', 'explain later', 'dead list', 'schedules', 'top --once', 'acl',
  'dead retry --all --dry-run', 'pause busy --dry-run', 'cancel later --dry-run', 'doctor --role producer --budget 0',
]; // prettier-ignore
/** `doctor` asks for these too, and makes a note where it may not. */
const ONLY_NOTED = ['client|list', 'config|get', 'dbsize', 'memory|usage', 'scan'];

describe('the Redis users of SECURITY.md', () => {
  it('let an app do all that it does, with and without workers, and refuse nothing', async () => {
    const app = 'orders';
    const { as, refused } = await startRedisWithUsers(app);
    const [own, enqueueing] = [as(app), as(`${app}-enqueue`)];
    const queues = { busy: { rateLimit: { max: 1_000, per: '1s' }, globalConcurrency: 50 } } as const;
    const web = await startProducer({ app, redis: enqueueing, queues });
    await eventually(() => expect(web.get(Preflight).passed).toBe(true));

    await web.queue.enqueueMany(
      Work,
      Array.from({ length: 30 }, (_, n) => ({ act: `${n}` })),
    );
    for (const act of ['retry', 'fail', 'discard', 'snooze'])
      await web.queue.enqueue(Work, { act }, { id: act });
    await web.queue.enqueue(Work, { act: 'first' }, { id: 'w1', priority: 1 });
    await web.queue.enqueue(Work, { act: 'late' }, { id: 'late', expiresIn: 1 });
    const later = await web.queue.enqueue(Work, { act: 'later' }, { id: 'later', delay: '1h' });
    for (const definition of [Once, Newest, Once, Newest]) await web.queue.enqueue(definition, { to: 'ada' });
    await lookAround(app, own, enqueueing);

    const worker = await startWorker({ app, redis: own, queues, providers: [Worker] });
    expect(await web.queue.enqueueAndWait(Work, { act: 'x' }, { waitFor: '20s' })).toBe('x');
    for (const [id, state] of [['retry', 'completed'], ['snooze', 'completed'], ['fail', 'dead'], ['discard', 'dead'], ['late', 'dead']])
      await eventually(async () => expect(await web.jobs.get(id!)).toMatchObject({ state })); // prettier-ignore
    const held = await web.queue.enqueue(Work, { act: 'wait' });
    await eventually(async () => expect(await web.jobs.get(held.id)).toMatchObject({ state: 'running' }));
    await lookAround(app, own, enqueueing);
    expect(await commandLine(app, enqueueing)('ping --queue busy --timeout 20s')).toMatchObject({ code: 0 });

    expect(await web.jobs.cancel(held.id)).toBe('cancelling');
    expect(await web.jobs.cancel(later.id)).toBe('cancelled');
    await eventually(async () => expect(await web.jobs.get(held.id)).toMatchObject({ reason: 'cancelled' }));
    const dead = web.get(DeadLetterService);
    expect(await dead.retry('fail')).toMatchObject({ retried: 1 });
    expect(await dead.delete({ reason: 'cancelled' })).toMatchObject({ deleted: 2 });
    const service = web.get(QueuesService);
    await service.pause('busy');
    await service.resume('busy');
    const schedules = web.get(SchedulesService);
    await schedules.pause('nightly');
    await schedules.resume('nightly');
    const run = await schedules.runNow('nightly');
    await eventually(async () => expect(await web.jobs.get(run.id)).toMatchObject({ state: 'completed' }));
    await worker.close();
    expect(
      (await refused()).filter((refusal) => !ONLY_NOTED.some((command) => refusal.endsWith(` ${command}`))),
    ).toEqual([]);
  });

  it('let the dashboard of a process that only enqueues look and act', async () => {
    const app = 'shop';
    const { as, refused } = await startRedisWithUsers(app);
    const board = await startDashboard({}, { app, redis: as(`${app}-enqueue`) });
    const payments = new Payments();
    await startWorker({ app, redis: as(app), providers: [{ provide: Payments, useValue: payments }] });
    const { id } = await board.queue.enqueue(Pay, { amount: 7 });
    const job = `/queues/api/queues/money/pay~${id}`;
    await eventually(async () => expect((await board.call(job)).status).toBe(200));
    const actions = ['money/pause', 'money/resume'];
    for (const action of actions) expect((await board.put(`/queues/api/queues/${action}`)).status).toBe(200);
    payments.broken = false;
    await eventually(async () => expect((await board.put(`${job}/retry`)).status).toBe(204));
    const later = await board.queue.enqueue(Pay, { amount: 2 }, { delay: '1h' });
    const promote = `/queues/api/queues/money/pay~${later.id}`;
    await eventually(async () => expect((await board.put(`${promote}/promote`)).status).toBe(204));
    await eventually(async () => expect((await board.put(`${promote}/clean`)).status).toBe(204));
    for (const state of ['', '?activeQueue=money&status=completed&page=1', '?activeQueue=money&status=failed&page=1'])
      expect((await board.call(`/queues/api/queues${state}`)).status).toBe(200); // prettier-ignore
    expect(await refused()).toEqual([]);
  });

  it('reach nothing of another app, and nothing of the server', async () => {
    const { redis, as } = await startRedisWithUsers('orders', 'shop');
    const attempt = (user: string, ...args: string[]) =>
      redis.cli('-u', as(user), '--no-auth-warning', ...args).then(
        (reply) => reply,
        (error: Error) => error.message,
      );
    const key = 'scalr:{shop}:mail:wait';
    const attacks = [
      ['LPUSH', key, 'x'], ['LRANGE', key, '0', '-1'], ['DEL', key], ['RENAME', 'scalr:{orders}:a', key],
      ['EVAL', 'return redis.call("LPUSH", KEYS[1], "x")', '1', key], ['EVAL', `return redis.call("GET", "${key}")`, '0'],
      ['EVAL', 'return redis.call("FLUSHALL")', '0'], ['FLUSHALL'], ['FLUSHDB'], ['KEYS', '*'], ['SCAN', '0'],
      ['CONFIG', 'GET', '*'], ['CLIENT', 'LIST'], ['CLIENT', 'KILL', 'TYPE', 'normal'], ['CLIENT', 'PAUSE', '1'],
      ['SCRIPT', 'FLUSH'], ['SCRIPT', 'KILL'], ['MONITOR'], ['ACL', 'LIST'], ['SHUTDOWN'], ['SUBSCRIBE', 'x'], ['PUBLISH', 'x', 'y'],
      ['RANDOMKEY'], ['SWAPDB', '0', '1'], ['REPLICAOF', 'a', '1'], ['CLUSTER', 'RESET'],
    ]; // prettier-ignore
    for (const user of ['orders', 'orders-enqueue'])
      for (const attack of attacks)
        expect({ user, attack, reply: await attempt(user, ...attack) }).toMatchObject({
          reply: expect.stringMatching(/NOPERM|executing the script|ACL failure/),
        });
    const other = await commandLine('shop', as('orders'))('queues');
    expect(other).toMatchObject({ code: 3, err: expect.stringMatching(/may not touch keys of this app/) });
    await expect(startProducer({ app: 'shop', redis: as('orders') }).then(({ queue }) => queue.enqueue(Work, { act: 'x' }))).rejects.toThrow(
      /may not touch keys of this app/,
    ); // prettier-ignore
  });

  it('are told which command they lack, by name, and never that Redis did not answer', async () => {
    const app = 'orders';
    const { as, asOperator } = await startRedisWithUsers(app);
    const user = `${app}-enqueue`;
    const web = await startProducer({ app, redis: as(user) });
    await web.queue.enqueue(Work, { act: 'a' }, { id: 'w1' });
    const cli = commandLine(app, as(user));
    const check = () => readQueues({ app, redis: as(user) }).then(() => ({ err: 'it works' }), (error: Error) => ({ err: error.message })); // prettier-ignore
    const cases = [
      ['hkeys', () => cli('queues')], ['hkeys', () => cli('workers')], ['hkeys', check], ['zcard', check],
      ['exists', () => cli('explain w1')], ['lrange', () => cli('jobs')], ['zcount', () => cli('dead retry --all --yes')],
      ['llen', () => cli('top --once')], ['hgetall', () => cli('schedules')],
    ] as const; // prettier-ignore
    for (const [command, look] of cases) {
      await asOperator('ACL', 'SETUSER', user, `-${command}`);
      const { err } = await look();
      expect({ command, err }).toMatchObject({
        err: expect.stringMatching(
          new RegExp(`the Redis user may not use ${command}\\b.*scalr-queue acl`, 'i'),
        ),
      });
      expect(err).not.toMatch(/did not answer|enqueued/);
      await asOperator('ACL', 'SETUSER', user, `+${command}`);
    }
    await asOperator('ACL', 'SETUSER', user, '-eval', '-evalsha');
    await expect(web.queue.enqueue(Work, { act: 'x' })).rejects.toThrow(
      /may not use EVAL(SHA)?\. Grant it: .* Nothing was enqueued/,
    );
    await asOperator('ACL', 'SETUSER', user, '+eval', '+evalsha', '-hset');
    await expect(web.queue.enqueue(Work, { act: 'x' })).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      message: expect.stringMatching(/may not use HSET/),
    });
  });

  it('are those that scalr-queue acl prints', async () => {
    const { code, out } = await commandLine('billing', 'redis://nobody')('acl');
    expect({ code, lines: out.trim().split('\n') }).toEqual({ code: 0, lines: documentedUsers() });
  });
});

/** Runs every command that looks, as both users. */
async function lookAround(app: string, ...urls: string[]): Promise<void> {
  const lookAs = async (url: string) => {
    const cli = commandLine(app, url);
    for (const args of LOOKS) {
      const { code, err } = await cli(args);
      expect({ args, code, err }).toEqual({ args, code: expect.toBeOneOf([0, args.startsWith('doctor') ? 1 : 0]), err: expect.not.stringContaining('error:') }); // prettier-ignore
    }
    expect(await readQueues({ app, redis: url })).toMatchObject([{ name: 'busy' }]);
  };
  await Promise.all(urls.map(lookAs));
}
