import { Injectable, Logger } from '@nestjs/common';
import { defineJob, Discard, type History, ProcessJob, Scheduled } from 'scalr-queue';
import { startProducer, startWorker } from '../support/apps.js';
import { ADMIN, type ConsoleCall, OPERATOR, startConsole, VIEWER } from '../support/console.js';
import { eventually } from '../support/eventually.js';
import { startRedisWithUsers } from '../support/redis-users.js';

const Mail = defineJob<{ to: string; password: string }>('mail', { queue: 'mail' });
const Pdf = defineJob('pdf', { queue: 'pdf' });
const Nightly = defineJob('nightly', { queue: 'mail' });

@Injectable()
class Worker {
  @ProcessJob(Mail)
  mail() {
    throw new Discard('no route to <img src=x onerror=alert(1)>, password=hunter2');
  }

  @ProcessJob(Nightly)
  @Scheduled({ name: 'nightly', cron: '0 3 * * *', tz: 'UTC' })
  nightly() {}
}

/** Two apps on one Redis, one with a dead job and one that nobody works for, and a console for both. */
async function scene(options: Parameters<typeof startConsole>[0] = {}) {
  Logger.overrideLogger(false);
  const redis = await startRedisWithUsers('orders', 'shop');
  const orders = await startProducer({ app: 'orders', redis: redis.as('orders-enqueue') });
  await startWorker({ app: 'orders', redis: redis.as('orders'), providers: [Worker] });
  const shop = await startProducer({ app: 'shop', redis: redis.as('shop') });
  const waiting = await shop.queue.enqueue(Pdf, undefined);
  const { id } = await orders.queue.enqueue(Mail, { to: 'a@example.com', password: 'hunter2' });
  await eventually(async () => expect(await orders.jobs.get(id)).toMatchObject({ state: 'dead' }));
  const shown = await startConsole({ redis: redis.as('operator'), ...options });
  return { ...redis, ...shown, id, waiting, shop };
}

/** Every route that there is. */
const READS = (id: string) => [
  '/api/me',
  '/api/overview',
  '/api/queues',
  '/api/queues?app=orders',
  '/api/schedules',
  '/api/workers',
  '/api/workers/gone',
  '/api/history',
  '/api/history?app=orders&range=1h&queue=mail',
  '/api/queues/orders/mail/sample?by=size',
  '/api/limits',
  '/api/limits?app=orders',
  '/api/memory?app=orders',
  '/api/audit',
  '/api/audit/orders',
  '/api/dead?app=orders',
  '/api/dead/groups?app=orders',
  '/api/jobs?app=orders',
  `/api/jobs/orders/mail/${id}`,
  `/api/jobs/orders/mail/${id}/explain`,
  `/api/find/${id}?app=orders`,
];

it('shows all apps of a Redis, what is wrong with them first', async () => {
  const { json, id, waiting } = await scene();
  const overview = await json('/api/overview');
  expect(overview).toMatchObject({
    status: 200,
    body: {
      apps: [
        { app: 'orders', waiting: 0, dead: 1, workers: 1, queues: expect.any(Array) },
        { app: 'shop', waiting: 1, dead: 0, workers: 0 },
      ],
      server: { usedMemory: expect.any(Number) },
      notes: [],
    },
  });
  expect(overview.body.problems).toContainEqual({
    app: 'shop',
    severity: 'warning',
    problem: 'No live worker takes jobs from the queue pdf, which holds 1',
    cure: 'Start a worker with the handlers of pdf: no live worker has one',
  });
  expect((await json('/api/queues?app=shop')).body).toMatchObject({
    queues: [{ app: 'shop', name: 'pdf', waiting: 1 }],
  });
  const history = async (query: string) => (await json(`/api/history?${query}`)).body as unknown as History;
  await eventually(async () => expect((await history('app=orders')).series.dead.slice(-2)).toContain(1), {
    timeout: 30_000,
  });
  expect((await history('range=1h')).series).toMatchObject({
    done: { length: 60 },
    waitP95Ms: { length: 60 },
  });
  expect((await history('app=shop')).series.dead.every((value) => value === null)).toBe(true);
  expect(await json('/api/history?range=2h')).toMatchObject({
    status: 400,
    body: { error: { code: 'INVALID_OPTION' } },
  });
  expect((await json('/api/workers')).body).toMatchObject({ workers: [{ app: 'orders' }], gone: [] });
  expect((await json('/api/schedules')).body).toMatchObject({
    schedules: [{ app: 'orders', name: 'nightly', cron: '0 3 * * *' }],
  });
  expect((await json('/api/dead/groups?app=orders')).body).toMatchObject({
    groups: [{ name: 'mail', reason: 'discarded', jobs: 1, lastId: id }],
  });
  expect((await json(`/api/jobs/shop/pdf/${waiting.id}/explain`)).body).toMatchObject({
    job: { state: 'waiting' },
    reasons: [{ code: 'no-live-worker' }, { code: 'position' }],
  });
  expect((await json(`/api/find/${waiting.id}`)).body).toMatchObject({
    jobs: [{ app: 'shop', name: 'pdf', queue: 'pdf' }],
  });
  expect((await json('/api/jobs?app=shop&state=waiting')).body).toMatchObject({ jobs: [{ id: waiting.id }] });
});

it('shows no secret, and a payload only to those who may see it', async () => {
  const { call, json, id } = await scene();
  for (const path of READS(id)) expect(await (await call(path)).text()).not.toContain('hunter2');
  const job = `/api/jobs/orders/mail/${id}`;
  const seen = await json(job);
  expect(seen.body).toMatchObject({
    id,
    payloadHidden: true,
    error: { message: 'no route to <img src=x onerror=alert(1)>, password=[redacted]' },
  });
  expect(seen.body).not.toHaveProperty('payload');
  expect((await json(job, { as: ADMIN })).body).toMatchObject({
    payload: { to: 'a@example.com', password: '[redacted]' },
  });
});

it('lets every role look, and nobody in who is not known', async () => {
  const { call, id } = await scene();
  for (const path of READS(id)) {
    for (const as of [VIEWER, OPERATOR, ADMIN])
      expect([path, (await call(path, { as })).status]).toEqual([path, 200]);
    const refused = await call(path, { as: null });
    expect([path, refused.status, refused.headers.get('www-authenticate')]).toEqual([
      path,
      401,
      'Basic realm="queues", charset="UTF-8"',
    ]);
    expect(await refused.json()).toEqual({ error: { code: 'UNAUTHORIZED', message: 'log in' } });
  }
});

it('keeps an app from those it is not for, and one that there is not is told the same', async () => {
  const account = { user: 'shopkeeper', password: 'sells-all-day', apps: ['shop'] };
  const { json, id } = await scene({ accounts: [account, VIEWER] });
  const as = account;
  expect((await json('/api/overview', { as })).body).toMatchObject({ apps: [{ app: 'shop' }] });
  const text = JSON.stringify((await json('/api/overview', { as })).body);
  expect(text).not.toContain('orders');
  for (const path of READS(id).filter((one) => one.includes('orders'))) {
    const other = await json(path.replace('orders', 'nowhere'), { as });
    const its = await json(path, { as });
    expect([path, its.status]).toEqual([path, 404]);
    expect(its.body).toEqual({ error: { code: 'UNKNOWN_APP', message: 'no app is called "orders"' } });
    expect(other.body).toEqual(JSON.parse(JSON.stringify(its.body).replace('orders', 'nowhere')));
  }
});

it('shows the apps of its scope only', async () => {
  const { json, id } = await scene({ scope: ['shop'] });
  expect((await json('/api/queues')).body).toMatchObject({ queues: [{ app: 'shop' }] });
  expect((await json(`/api/find/${id}?app=orders`, { as: ADMIN })).status).toBe(404);
});

it.each<[ConsoleCall['headers'], number]>([
  [{}, 200],
  [{ 'sec-fetch-site': 'same-origin' }, 200],
  [{ 'sec-fetch-site': 'none' }, 200],
  [{ 'sec-fetch-site': 'same-site' }, 403],
  [{ 'sec-fetch-site': 'cross-site' }, 403],
  [{ origin: 'https://evil.example' }, 403],
])('answers a look with %o: %i', async (headers, status) => {
  const { call } = await startConsole({ redis: 'redis://127.0.0.1:1' });
  expect((await call('/api/me', { headers })).status).toBe(status);
});

it('says what is wrong with a request', async () => {
  const { json, call } = await scene();
  expect(await json('/api/jobs')).toMatchObject({ status: 400, body: { error: { code: 'APP_MISSING' } } });
  for (const path of [
    'jobs?app=shop&limit=many',
    'jobs?app=shop&state=gone',
    'dead?app=shop&after=noon',
    'queues/shop/pdf/sample?by=payload',
  ])
    expect([path, (await json(`/api/${path}`)).status]).toEqual([path, 400]);
  for (const path of [
    'nothing',
    'jobs/shop/pdf/none',
    'jobs/shop/%ff/none',
    'find/none?app=none',
    'jobs?app=shop&queue=none',
  ])
    expect([path, (await json(`/api/${path}`)).status]).toEqual([path, 404]);
  const put = await call('/api/queues', { method: 'POST' });
  expect([put.status, put.headers.get('allow')]).toEqual([405, 'GET']);
});

it('slows down those who guess passwords', async () => {
  const { call } = await startConsole({ redis: 'redis://127.0.0.1:1' });
  const guess = { as: { ...VIEWER, password: 'guess' } };
  const statuses = [];
  // The delay doubles: 250 ms, 500 ms, … and one of more than five seconds is not waited for.
  for (let tries = 0; tries < 12 && statuses.at(-1) !== 429; tries++)
    statuses.push(
      ...(await Promise.all([call('/', guess), call('/', guess), call('/', guess)])).map(
        ({ status }) => status,
      ),
    );
  expect(statuses).toContain(429);
  expect(statuses.every((status) => status === 401 || status === 429)).toBe(true);
});

it('lets a browser do nothing with its answers but show them', async () => {
  const { call } = await startConsole({ redis: 'redis://127.0.0.1:1' });
  for (const as of [VIEWER, null]) {
    const { headers } = await call('/api/me', { as });
    const policy = headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'");
    expect(policy).not.toContain('unsafe');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-frame-options')).toBe('DENY');
  }
});

it('says that Redis is away, and goes on showing what it saw last', async () => {
  const { json, redis } = await scene();
  expect((await json('/api/overview')).body).not.toHaveProperty('stale');
  await redis.stop();
  await eventually(async () =>
    expect((await json('/api/overview')).body).toMatchObject({
      stale: expect.stringMatching(/Redis/),
      apps: [{ app: 'orders' }, { app: 'shop' }],
    }),
  );
  const never = await startConsole({ redis: 'redis://127.0.0.1:1' });
  expect(await never.json('/api/overview')).toMatchObject({
    status: 503,
    body: { error: { code: 'QUEUE_UNAVAILABLE', message: expect.stringMatching(/not reachable/) } },
  });
});

it('says whose user it needs', async () => {
  const { as } = await scene();
  const { json } = await startConsole({ redis: as('orders') });
  expect(await json('/api/overview')).toMatchObject({
    status: 503,
    body: { error: { message: expect.stringMatching(/may not use SCAN.*for the user "operator"/) } },
  });
});

it.each<[object, RegExp]>([
  [{ accounts: [] }, /expected accounts to be a list of at least one account/],
  [{ accounts: [{ user: 'a:b', password: 'x' }] }, /accounts\[0\]\.user/],
  [
    { accounts: [{ ...VIEWER, role: 'root' }] },
    /accounts\[0\]\.role to be one of "view", "operate", "admin"/,
  ],
  [{ accounts: [VIEWER, VIEWER] }, /of different users/],
  [{ scope: [] }, /scope to be a list of at least one app/],
  [{ publicUrl: 'ops' }, /publicUrl/],
  [{ colour: 'red' }, /unknown option "colour"/],
])('refuses %o', async (options, message) => {
  await expect(startConsole({ redis: 'redis://127.0.0.1:1', ...options })).rejects.toThrow(message);
});
