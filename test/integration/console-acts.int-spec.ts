import { Injectable, Logger } from '@nestjs/common';
import {
  DeadLetterService,
  defineJob,
  Discard,
  ProcessJob,
  QueuesService,
  Scheduled,
  SchedulesService,
} from 'scalr-queue';
import type { ConsoleAccount } from 'scalr-queue/console';
import { startProducer, startWorker } from '../support/apps.js';
import { ADMIN, type ConsoleCall, OPERATOR, startConsole, VIEWER } from '../support/console.js';
import { eventually } from '../support/eventually.js';
import { startRedisWithUsers } from '../support/redis-users.js';

const Mail = defineJob<{ to: string }>('mail', { queue: 'mail' });
const Pdf = defineJob('pdf', { queue: 'pdf' });
const Nightly = defineJob('nightly', { queue: 'mail' });

@Injectable()
class Worker {
  static broken = true;

  @ProcessJob(Mail)
  mail({ to }: { to: string }) {
    if (to === 'bug') throw new Discard('no such address');
    if (Worker.broken) throw new Discard('the relay is down');
  }

  @ProcessJob(Nightly)
  @Scheduled({ name: 'nightly', cron: '0 3 * * *', tz: 'UTC' })
  nightly() {}
}

const SHOPKEEPER = {
  user: 'sam',
  password: 'sells-all-day',
  role: 'admin',
  apps: ['shop'],
} satisfies ConsoleAccount;

/** What the browser of somebody sends for a page of another site. */
const FOREIGN: readonly Record<string, string>[] = [
  { 'sec-fetch-site': 'cross-site' },
  { 'content-type': 'text/plain' },
];

/** Four dead jobs of two errors in one app, three waiting ones in another, and a console that may change things. */
async function scene({ writes = true } = {}) {
  Logger.overrideLogger(false);
  Worker.broken = true;
  const redis = await startRedisWithUsers('orders', 'shop');
  const orders = await startProducer({ app: 'orders', redis: redis.as('orders-enqueue') });
  await startWorker({ app: 'orders', redis: redis.as('orders'), providers: [Worker] });
  const shop = await startProducer({ app: 'shop', redis: redis.as('shop') });
  for (const to of ['a', 'b', 'c', 'bug']) await orders.queue.enqueue(Mail, { to });
  for (let number = 0; number < 3; number++) await shop.queue.enqueue(Pdf, undefined);
  const dead = orders.get(DeadLetterService);
  await eventually(async () => expect(await dead.count()).toBe(4));
  const shown = await startConsole({
    redis: redis.as('operator'),
    accounts: [VIEWER, OPERATOR, ADMIN, SHOPKEEPER],
    ...(writes ? { writeRedis: redis.as('operator') } : {}),
  });
  const post = (path: string, body?: object, { as = OPERATOR, headers }: ConsoleCall = {}) =>
    shown.json(path, {
      method: 'POST',
      as,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  /** Looks, does it, and waits until it has ended. */
  const act = async (what: object, as: ConsoleAccount = OPERATOR) => {
    const looked = await post('/api/acts/preview', what, { as });
    expect(looked).toMatchObject({ status: 200 });
    const begun = await post('/api/acts', { token: looked.body['token'] }, { as });
    return eventually(async () => {
      const { body } = await shown.json(`/api/acts/${String(begun.body['id'])}`, { as });
      expect(body['state']).not.toBe('running');
      return body;
    });
  };
  return { ...redis, ...shown, orders, shop, dead, post, act };
}

it('retries the dead jobs of one error, and leaves those of another alone', async () => {
  const { dead, act, post, json } = await scene();
  const { groups } = await dead.groups();
  const { fingerprint: group } = groups.find(({ jobs }) => jobs === 3)!;
  Worker.broken = false;
  expect(await act({ act: 'retry', app: 'orders', filter: { group } })).toMatchObject({
    act: 'retry',
    by: 'otto',
    state: 'done',
    matched: 3,
    done: 3,
  });
  await eventually(async () => expect(await dead.count()).toBe(1));
  expect((await post('/api/queues/orders/mail/pause')).status).toBe(200);
  const { body } = await json('/api/audit/orders', { as: VIEWER });
  const otto = { by: 'otto', via: 'console', dryRun: false };
  expect(body['entries']).toMatchObject([
    { ...otto, action: 'queue.pause', what: { queue: 'mail' } },
    { ...otto, action: 'dead.retry', matched: 3, done: 3 },
  ]);
  expect((await json('/api/audit/orders', { as: SHOPKEEPER })).status).toBe(404);
});

it('retries the first ones, tells how they ended in any console, and goes on when it is told to', async () => {
  const { dead, post, json, as, call } = await scene();
  const { body: looked } = await post('/api/acts/preview', { act: 'retry', app: 'orders' });
  const { body: begun } = await post('/api/acts', { token: looked['token'], first: 1, rate: 1_000 });
  const id = String(begun['id']);
  const other = await startConsole({ redis: as('operator') });
  await eventually(async () =>
    expect((await other.json(`/api/acts/${id}`)).body).toMatchObject({
      state: 'stopped',
      why: 'first',
      act: 'retry',
      app: 'orders',
      by: 'otto',
      matched: 4,
      done: 1,
      first: { jobs: 1, diedAgain: 1 },
    }),
  );
  Worker.broken = false;
  const unknown = await post('/api/acts/orders~0123456789ab/resume');
  expect([unknown.status, (await json(`/api/acts/${id}`, { as: SHOPKEEPER })).status]).toEqual([400, 404]);
  expect((await post(`/api/acts/${id}/resume`, {}, { as: SHOPKEEPER })).status).toBe(404);
  expect((await post(`/api/acts/${id}/resume`, { rate: 0 })).status).toBe(400);
  expect(await post(`/api/acts/${id}/resume`)).toMatchObject({ status: 200 });
  await eventually(async () =>
    expect((await json(`/api/acts/${id}`)).body).toMatchObject({ state: 'done', done: 4 }),
  );
  // The one that has died again.
  await eventually(async () => expect(await dead.count()).toBe(1));
  const stopped = await call(`/api/acts/${id}`, {
    method: 'DELETE',
    as: OPERATOR,
    headers: { 'x-requested-with': 'test' },
  });
  expect([stopped.status, await stopped.json()]).toMatchObject([200, { state: 'done' }]);
});

it('does nothing to jobs that came after what was shown', async () => {
  const { dead, orders, shop, post, json } = await scene();
  const looked = await post('/api/acts/preview', { act: 'delete', app: 'orders' }, { as: ADMIN });
  expect(looked.body).toMatchObject({ matched: 4 });
  const pending = await post('/api/acts/preview', { act: 'cancel', app: 'shop', filter: { queue: 'pdf' } });
  expect(pending.body).toMatchObject({ matched: 3 });
  await eventually(() => expect(Date.now()).toBeGreaterThan(Date.parse(String(pending.body['before']))));
  await orders.queue.enqueue(Mail, { to: 'late' });
  const late = await shop.queue.enqueue(Pdf, undefined);
  await eventually(async () => expect(await dead.count()).toBe(5));
  for (const [{ body }, as] of [
    [looked, ADMIN],
    [pending, OPERATOR],
  ] as const) {
    const { body: begun } = await post('/api/acts', { token: body['token'] }, { as });
    await eventually(async () =>
      expect((await json(`/api/acts/${String(begun['id'])}`)).body).toMatchObject({
        state: 'done',
        done: body['matched'],
      }),
    );
  }
  expect(await dead.count()).toBe(1);
  expect(await shop.jobs.list({ state: 'waiting' })).toMatchObject({ jobs: [{ id: late.id }] });
});

it('takes a token once, unchanged, from the one who looked', async () => {
  const { post, dead } = await scene();
  const { body } = await post('/api/acts/preview', { act: 'retry', app: 'orders' });
  const token = String(body['token']);
  const refused = { status: 409, body: { error: { code: 'TOKEN' } } };
  expect(await post('/api/acts', { token }, { as: ADMIN })).toMatchObject(refused);
  expect(await post('/api/acts', { token: token.replace(/^./, 'x') })).toMatchObject(refused);
  expect(await post('/api/acts', {})).toMatchObject(refused);
  expect(await dead.count()).toBe(4);
  expect(await post('/api/acts', { token })).toMatchObject({ status: 200 });
  expect(await post('/api/acts', { token })).toMatchObject(refused);
});

it('lets nobody do more than their role allows', async () => {
  const { post, json, dead } = await scene();
  const retry = { act: 'retry', app: 'orders' };
  const paths: [path: string, body?: object][] = [
    ['/api/acts/preview', retry],
    ['/api/acts', { token: 'x' }],
    ['/api/acts/x/stop'],
    ['/api/queues/orders/mail/pause'],
    ['/api/queues/orders/mail/resume'],
    ['/api/schedules/orders/nightly/run'],
  ];
  for (const [path, body] of paths) {
    const refused = await post(path, body, { as: VIEWER });
    expect([path, refused.status, refused.body['error']]).toMatchObject([path, 403, { code: 'ROLE' }]);
    // A form of another site can send no JSON, and a page of one is told by the browser.
    for (const headers of FOREIGN) {
      const foreign = await post(path, body, { as: ADMIN, headers });
      expect([path, foreign.status]).toEqual([path, 403]);
    }
    expect([path, (await json(path, { as: ADMIN })).status]).toEqual([
      path,
      path.startsWith('/api/acts/pre') ? 404 : 405,
    ]);
    if (!path.startsWith('/api/acts')) {
      const notHis = await post(path, body, { as: SHOPKEEPER });
      expect([path, notHis.status]).toEqual([path, 404]);
    }
  }
  expect(await post('/api/acts/preview', { ...retry, act: 'delete' })).toMatchObject({
    status: 403,
    body: { error: { code: 'ROLE', message: 'this needs the role admin, yours is operate' } },
  });
  expect((await post('/api/acts/preview', retry, { as: SHOPKEEPER })).status).toBe(404);
  expect(await dead.count()).toBe(4);
});

it.each([
  ['retry', { name: 'nightly', reason: 'crashed', error: 'no such text', group: '00000000', tag: 'nobody' }],
  ['delete', { name: 'nightly', reason: 'crashed', error: 'no such text', group: '00000000', tag: 'nobody' }],
  ['cancel', { name: 'nightly', tag: 'nobody', state: 'delayed' }],
])('means no job to %s that a part of the filter leaves out', async (act, parts) => {
  const { post } = await scene();
  const [app, queue, all] = act === 'cancel' ? ['shop', 'pdf', 3] : ['orders', 'mail', 4];
  const matched = async (filter: Record<string, string>) =>
    (await post('/api/acts/preview', { act, app, filter: { queue, ...filter } }, { as: ADMIN })).body.matched;
  expect(await matched({})).toBe(all);
  for (const [name, value] of Object.entries(parts))
    expect([name, await matched({ [name]: value })]).toEqual([name, 0]);
});

it('says what is wrong with an act', async () => {
  const { post } = await scene();
  for (const body of [
    undefined,
    { act: 'drop', app: 'orders' },
    { act: 'constructor', app: 'orders' },
    { act: 'retry' },
    { act: 'retry', app: 'orders', filter: { colour: 'red' } },
    { act: 'retry', app: 'orders', filter: ['mail'] },
    { act: 'retry', app: 'orders', filter: { group: 'xyz' } },
    // Would be everything that waits.
    { act: 'cancel', app: 'shop' },
    { act: 'cancel', app: 'shop', filter: { queue: 'pdf', state: 'dead' } },
  ])
    expect([body, (await post('/api/acts/preview', body)).status]).toEqual([body, 400]);
});

it('holds a queue, lets it go on, and runs a schedule', async () => {
  const { post, orders } = await scene();
  const paused = async () =>
    (await orders.get(QueuesService).list()).find(({ name }) => name === 'mail')?.paused;
  expect(await post('/api/queues/orders/mail/pause')).toMatchObject({ status: 200, body: { paused: true } });
  expect(await paused()).toBe(true);
  expect(await post('/api/queues/orders/mail/resume')).toMatchObject({
    status: 200,
    body: { paused: false },
  });
  expect(await paused()).toBe(false);
  expect((await post('/api/queues/orders/none/pause')).status).toBe(404);
  const ran = await post('/api/schedules/orders/nightly/run');
  expect(ran).toMatchObject({ status: 200, body: { name: 'nightly', queue: 'mail' } });
  await eventually(async () =>
    expect((await orders.get(SchedulesService).list())[0]?.lastSuccessAt).toBeInstanceOf(Date),
  );
});

it('changes nothing without a connection for it, whoever asks', async () => {
  const { post, json, dead } = await scene({ writes: false });
  expect((await json('/api/me', { as: ADMIN })).body).toMatchObject({ role: 'admin', writes: false });
  const paths: [path: string, body?: object][] = [
    ['/api/acts/preview', { act: 'delete', app: 'orders' }],
    ['/api/queues/orders/mail/pause'],
    ['/api/schedules/orders/nightly/run'],
  ];
  for (const [path, body] of paths)
    expect(await post(path, body, { as: ADMIN })).toMatchObject({
      status: 403,
      body: { error: { code: 'READ_ONLY' } },
    });
  expect(await dead.count()).toBe(4);
});
