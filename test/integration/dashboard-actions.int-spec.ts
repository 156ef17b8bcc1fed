import { Redis } from 'ioredis';
import { AuditService, DeadLetterService, JobsService, QueuesService } from 'scalr-queue';
import { onTestFinished } from 'vitest';
import { startWorker } from '../support/apps.js';
import { Pay, Payments, READER, startDashboard, startWithDeadJob } from '../support/dashboard.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';

describe('what can be done', () => {
  it('is to retry a dead job as DeadLetterService does: same id, all its attempts, and its history', async () => {
    const { put, job, jobs, id, payments, web } = await startWithDeadJob();
    payments.broken = false;
    expect((await put(`${job}/retry`)).status).toBe(204);
    await eventually(async () =>
      expect(await jobs.get(id)).toMatchObject({ state: 'completed', attempt: 1, result: { paid: 7 } }),
    );
    const again = await put(`${job}/retry`);
    expect(again.status).toBeGreaterThanOrEqual(400);
    expect(again.status).toBeLessThan(500);
    expect(await web.get(DeadLetterService, { strict: false }).count()).toBe(0);
  });

  it('is to retry a job that has expired, which then runs', async () => {
    const { queue, web, app, put, call } = await startDashboard();
    const { id } = await queue.enqueue(Pay, { amount: 1 }, { expiresIn: 1 });
    const payments = new Payments();
    payments.broken = false;
    await startWorker({ app, providers: [{ provide: Payments, useValue: payments }] });
    const jobs = web.get(JobsService, { strict: false });
    await eventually(async () => expect(await jobs.get(id)).toMatchObject({ reason: 'expired' }));
    await eventually(async () => expect((await call(`/queues/api/queues/money/pay~${id}`)).status).toBe(200));
    expect((await put(`/queues/api/queues/money/pay~${id}/retry`)).status).toBe(204);
    expect(await jobs.waitFor(id, { timeout: '10s' })).toEqual({ paid: 1 });
  });

  it('is to retry and remove all, to promote, cancel, pause and resume', async () => {
    const { queue, put, call, jobs, id, payments, job, web } = await startWithDeadJob();
    const dead = web.get(DeadLetterService, { strict: false });
    expect(await (await put('/queues/api/queues/money/retry/failed')).json()).toEqual({
      retried: 1,
      skipped: 0,
    });
    await eventually(async () => expect(await jobs.get(id)).toMatchObject({ state: 'dead' }));
    expect((await put('/queues/api/queues/money/clean/failed')).status).toBe(200);
    expect(await dead.count()).toBe(0);
    expect((await call(job)).status).toBe(404);

    payments.broken = false;
    const later = await queue.enqueue(Pay, { amount: 2 }, { delay: '1h' });
    expect((await put(`/queues/api/queues/money/pay~${later.id}/promote`)).status).toBe(204);
    expect(await jobs.waitFor(later, { timeout: '10s' })).toEqual({ paid: 2 });
    expect((await put(`/queues/api/queues/money/pay~${later.id}/clean`)).status).toBe(204);
    expect(await jobs.get(later.id)).toBeUndefined();

    const never = await queue.enqueue(Pay, { amount: 3 }, { delay: '1h' });
    expect((await put(`/queues/api/queues/money/pay~${never.id}/clean`)).status).toBe(204);
    expect(await jobs.get(never.id)).toMatchObject({ state: 'dead', reason: 'cancelled' });

    const { entries } = await web.get(AuditService, { strict: false }).list();
    expect([...new Set(entries.map(({ via }) => via))]).toEqual(['console']);
    expect(entries.map(({ action, what, done }) => [action, what['id'] ?? what['queue'], done])).toEqual([
      ['jobs.cancel', never.id, 1],
      ['job.remove', later.id, 1],
      ['job.promote', later.id, 1],
      ['dead.delete', 'money', 1],
      ['dead.retry', 'money', 1],
    ]);

    const queues = web.get(QueuesService, { strict: false });
    for (const [what, paused] of [
      ['money/pause', true],
      ['money/resume', false],
      ['pause', true],
      ['resume', false],
    ] as const) {
      expect((await put(`/queues/api/queues/${what}`)).status).toBe(200);
      expect(await queues.list()).toMatchObject([{ name: 'money', paused }]);
    }
  });

  it('is not to promote a job that is not delayed, nor to remove one twice', async () => {
    const { put, json, job, jobs, id, queue, web } = await startWithDeadJob();
    const queues = web.get(QueuesService, { strict: false });
    await queues.pause('money');
    const waiting = await queue.enqueue(Pay, { amount: 1 });
    const path = `/queues/api/queues/money/pay~${waiting.id}`;
    for (const [one, state] of [
      [path, 'wait'],
      [job, 'failed'],
    ] as const) {
      const answer = await put(`${one}/promote`);
      expect([answer.status, await answer.json()]).toMatchObject([
        409,
        { message: expect.stringContaining(`the job is ${state}`) },
      ]);
    }
    expect(Math.floor((await put(`${path}/retry`)).status / 100)).toBe(4);
    expect(await jobs.get(waiting.id)).toMatchObject({ state: 'waiting', attempt: 0 });
    expect(await jobs.get(id)).toMatchObject({ state: 'dead', attempt: 2 });
    expect((await queues.list())[0]).toMatchObject({ waiting: 1, delayed: 0, dead: 1 });
    expect((await put(`${job}/clean`)).status).toBe(204);
    expect((await put(`${job}/clean`)).status).toBe(404);
    expect(await json('/queues/api/queues?activeQueue=money&status=failed')).toMatchObject({
      queues: [{ jobs: [] }],
    });
  });

  it('is not to retry a job whose unique key another one holds, and the answer says so', async () => {
    const { put, jobs, queue, web } = await startWithDeadJob();
    const send = (id: string) => queue.enqueue(Pay, { amount: -1 }, { id, unique: true });
    await send('first');
    await eventually(async () => expect(await jobs.get('first')).toMatchObject({ state: 'dead' }));
    await web.get(QueuesService, { strict: false }).pause('money');
    expect(await send('second')).toMatchObject({ status: 'created' });
    expect((await put('/queues/api/queues/money/pay~first/retry')).status).toBe(409);
    expect(await jobs.get('first')).toMatchObject({ state: 'dead' });
  });

  it('is to retry all also when the clock of a worker is ahead', async () => {
    const { app, put, jobs, id, payments } = await startWithDeadJob();
    const redis = new Redis(sharedRedisUrl());
    onTestFinished(() => redis.disconnect());
    const ahead = Date.now() + 3_600_000;
    await redis.zadd(`scalr:{${app}}:money:failed`, ahead, `pay~${id}`);
    await redis.hset(`scalr:{${app}}:money:pay~${id}`, 'finishedOn', ahead);
    payments.broken = false;
    // Two clicks are one.
    const clicks = ['retry', 'retry'].map(() => put('/queues/api/queues/money/retry/failed'));
    for (const click of await Promise.all(clicks))
      expect(await click.json()).toEqual({ retried: 1, skipped: 0 });
    expect(await jobs.waitFor(id, { timeout: '10s' })).toEqual({ paid: 7 });
  });

  it('is nothing that makes, changes or destroys', async () => {
    const { call, put, job, jobs, id } = await startWithDeadJob();
    const headers = { 'content-type': 'application/json' };
    const post = (path: string, method = 'POST', body: unknown = {}) =>
      call(path, { method, headers, body: JSON.stringify(body) });
    const refused = [
      post('/queues/api/queues/money/add', 'POST', { name: 'pay', data: { amount: 1 } }),
      post(`${job}/update-data`, 'PATCH', { jobData: { amount: 1 } }),
      post(`${job}/delay`, 'PATCH', { runAt: 1 }),
      post(`${job}/priority`, 'PATCH', { priority: 1 }),
      post('/queues/api/queues/money/rate-limit', 'PUT', { max: 1, duration: 1 }),
      post('/queues/api/queues/money/concurrency', 'PUT', { concurrency: 1 }),
      post('/queues/api/queues/money/obliterate', 'PUT', { force: true }),
      put('/queues/api/queues/money/empty'),
      put('/queues/api/queues/money/promote'),
      put('/queues/api/queues/money/job-schedulers/x/run'),
      put(`${job}/remove-unprocessed-children`),
    ];
    for (const answer of await Promise.all(refused))
      expect([answer.url, answer.status]).toEqual([answer.url, 403]);
    expect((await put('/queues/api/queues/money/clean/completed')).status).toBe(405);
    expect((await put('/queues/api/queues/money/retry/completed')).status).toBe(400);
    for (const method of ['DELETE', 'OPTIONS', 'PROPFIND'])
      expect((await call('/queues/api/queues', { method })).status).toBe(405);
    expect(await jobs.get(id)).toMatchObject({ state: 'dead', attempt: 2 });
  });

  it('is nothing at all for a reader, and by default', async () => {
    const { put, job, jobs, id, json } = await startWithDeadJob();
    for (const path of [
      `${job}/retry`,
      `${job}/clean`,
      '/queues/api/queues/pause',
      '/queues/api/queues/money/retry/failed',
    ])
      expect((await put(path, { as: READER })).status).toBe(403);
    expect(await json('/queues/api/queues', { as: READER })).toMatchObject({
      queues: [{ readOnlyMode: true }],
    });
    expect(await json('/queues/api/queues')).toMatchObject({ queues: [{ readOnlyMode: false }] });
    const byDefault = await startDashboard({ readOnly: undefined });
    expect((await byDefault.put('/queues/api/queues/pause')).status).toBe(403);
    expect(await jobs.get(id)).toMatchObject({ state: 'dead' });
  });

  it('is nothing that a page of another site asks for', async () => {
    const { call, job, jobs, id, url } = await startWithDeadJob();
    const path = `${job}/retry`;
    const evil = 'https://evil.example';
    const meant = { 'x-requested-with': 'test' };
    const forged: Record<string, string>[] = [
      { 'sec-fetch-site': 'cross-site', origin: evil, ...meant },
      { 'sec-fetch-site': 'same-site', origin: evil, ...meant },
      { origin: evil, ...meant },
      { origin: 'null', ...meant },
      { origin: url, 'content-type': 'text/plain' },
      { origin: url, 'content-type': 'application/x-www-form-urlencoded' },
      {},
    ];
    for (const headers of forged) {
      const body = headers['content-type'] ? 'a=b' : undefined;
      for (const method of ['PUT', 'POST'])
        expect([headers, (await call(path, { method, headers, body })).status]).toEqual([headers, 403]);
    }
    expect(await jobs.get(id)).toMatchObject({ state: 'dead', attempt: 2 });
    expect((await call(path, { method: 'PUT', headers: { origin: url } })).status).toBe(204);
  });
});
