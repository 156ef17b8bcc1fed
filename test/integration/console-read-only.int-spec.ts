import { Injectable, Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import { defineJob, Discard, JobContext, ProcessJob, Scheduled } from 'scalr-queue';
import { onTestFinished } from 'vitest';
import { startProducer, startWorker } from '../support/apps.js';
import { ADMIN, startConsole } from '../support/console.js';
import { commandLine } from '../support/command-line.js';
import { eventually } from '../support/eventually.js';
import { documentedConsole, startRedisWithUsers } from '../support/redis-users.js';

const Mail = defineJob<{ to: string }>('mail', { queue: 'mail' });
const Nightly = defineJob('nightly', { queue: 'mail' });

@Injectable()
class Worker {
  @ProcessJob(Mail)
  async mail({ to }: { to: string }, ctx: JobContext) {
    await ctx.log('on its way');
    if (to === 'nobody') throw new Discard('no such address');
  }

  @ProcessJob(Nightly)
  @Scheduled({ name: 'nightly', cron: '0 3 * * *', tz: 'UTC' })
  nightly() {}
}

/** An app with jobs in every state, a worker that died long ago, and a console that may only read, by Redis' own word. */
async function scene() {
  Logger.overrideLogger(false);
  const redis = await startRedisWithUsers('orders');
  const orders = await startProducer({ app: 'orders', redis: redis.as('orders-enqueue') });
  const worker = await startWorker({ app: 'orders', redis: redis.as('orders'), providers: [Worker] });
  const { id } = await orders.queue.enqueue(Mail, { to: 'nobody' });
  const done = await orders.queue.enqueue(Mail, { to: 'ada' });
  await eventually(async () => {
    expect(await orders.jobs.get(id)).toMatchObject({ state: 'dead' });
    expect(await orders.jobs.get(done.id)).toMatchObject({ state: 'completed' });
  });
  await worker.close();
  const late = await orders.queue.enqueue(Mail, { to: 'ada' }, { delay: '1h' });
  const next = await orders.queue.enqueue(Mail, { to: 'ada' });
  // One who may write takes such an entry out of the index.
  await redis.asOperator('HSET', 'scalr:{orders}:~workers', 'gone', '1');
  await redis.asOperator('ACL', 'SETUSER', ...documentedConsole());
  const shown = await startConsole({ redis: redis.as('console') });
  const paths = [
    '/api/overview',
    '/api/queues',
    '/api/schedules',
    '/api/workers',
    '/api/workers/gone',
    '/api/audit',
    '/api/audit/orders',
    '/api/history?app=orders',
    '/api/limits',
    '/api/memory?app=orders',
    '/api/dead?app=orders',
    '/api/dead/groups?app=orders',
    ...['', '&state=waiting', '&state=delayed', '&state=dead', '&state=completed'].map(
      (state) => `/api/jobs?app=orders${state}`,
    ),
    ...[id, done.id, late.id, next.id].flatMap((one) => [
      `/api/jobs/orders/mail/${one}`,
      `/api/jobs/orders/mail/${one}/explain`,
      `/api/find/${one}`,
    ]),
  ];
  return { ...redis, ...shown, paths, id, late };
}

/** What its pages ask, each by another command. */
const RIGHTS = ['scan', 'eval_ro', 'hkeys', 'getrange', 'hgetall', 'hmget', 'zrevrange', 'lrange', 'xrevrange', 'llen', 'info', 'memory|usage']; // prettier-ignore

it('shows everything as a user that Redis lets read only, and writes nothing', async () => {
  const { as, asOperator, refused, json, paths, id } = await scene();
  const direct = new Redis(as('operator'));
  const monitor = await direct.monitor();
  for (const client of [direct, monitor]) {
    client.on('error', () => undefined);
    onTestFinished(() => client.disconnect());
  }
  const seen: string[] = [];
  monitor.on('monitor', (_time: string, args: string[]) => seen.push(args[0]!.toLowerCase()));
  for (const path of paths) {
    const { status, body } = await json(path, { as: ADMIN });
    expect({ path, status, body }).toMatchObject({ status: 200 });
    expect({ path, notes: body['notes'] ?? [] }).toEqual({ path, notes: [] });
  }
  expect((await json(`/api/jobs/orders/mail/${id}`, { as: ADMIN })).body).toMatchObject({
    payload: { to: 'nobody' },
    logs: ['on its way'],
  });
  await eventually(() => expect(seen).toEqual(expect.arrayContaining(['scan', 'hgetall'])));
  const commands = await asOperator('COMMAND', 'LIST', 'FILTERBY', 'ACLCAT', 'write');
  const writing = new Set(commands.split('\n').map((name) => name.trim()));
  expect(seen.filter((name) => writing.has(name))).toEqual([]);
  // These it asks once: a user that may is told more.
  const more = ['console config|get', 'console client|list'];
  expect((await refused()).filter((one) => one.startsWith('console ') && !more.includes(one))).toEqual([]);
  expect(await asOperator('HGET', 'scalr:{orders}:~workers', 'gone')).toBe('1');
});

it('says which right is missing, and goes on with what it may', async () => {
  const { as, asOperator, json, paths: all, id, late } = await scene();
  const paths = all.filter((path) => !/[\da-f]-/.test(path) || path.includes(id) || path.includes(late.id));
  expect((await json('/api/overview')).status).toBe(200);
  const silent: string[] = [];
  for (const right of RIGHTS) {
    await asOperator('ACL', 'SETUSER', 'console', `-${right}`);
    // A new one: what others looked at a moment ago is shared.
    const shown = await startConsole({ redis: as('console') });
    const answers = [];
    for (const path of paths) answers.push({ path, ...(await shown.json(path, { as: ADMIN })) });
    const text = JSON.stringify(answers);
    const asked = right.replace('|', ' ').toUpperCase();
    for (const { path, status } of answers)
      expect({ right, path, status }).toMatchObject({ status: expect.toBeOneOf([200, 503]) });
    if (!text.includes(asked)) silent.push(right);
    await asOperator('ACL', 'SETUSER', 'console', `+${right}`);
  }
  expect(silent).toEqual([]);
  // As before Redis 7: scripts are sent as those that might write.
  await asOperator('ACL', 'SETUSER', 'console', '-eval_ro', '-evalsha_ro', '+eval', '+evalsha', '~scalr:*');
  const { json: ask } = await startConsole({ redis: as('console') });
  for (const path of paths)
    expect({ path, ...(await ask(path, { as: ADMIN })) }).toMatchObject({ status: 200 });
  for (const path of paths)
    expect({ path, ...(await json(path, { as: ADMIN })) }).toMatchObject({ status: 200 });
});

it('is a user that scalr-queue acl --console prints', async () => {
  const { code, out } = await commandLine('billing', 'redis://nobody')('acl --console');
  expect({ code, line: out.trim() }).toEqual({ code: 0, line: documentedConsole('line') });
});
