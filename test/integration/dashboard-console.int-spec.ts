import { Controller, Get, type INestApplication, Injectable, Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { defineJob, Discard, EnqueueService, JobsService, ProcessJob } from 'scalr-queue';
import { ScalrQueueDashboardModule, type ScalrQueueDashboardOptions } from 'scalr-queue/dashboard';
import { onTestFinished } from 'vitest';
import { startWorker, testModule, uniqueApp } from '../support/apps.js';
import { basic, READER, WRITER } from '../support/dashboard.js';
import { eventually } from '../support/eventually.js';

const Mail = defineJob<{ to: string; password: string }>('mail', { queue: 'post' });

@Injectable()
class Post {
  @ProcessJob(Mail)
  mail() {
    throw new Discard('no such address');
  }
}

@Controller()
class Hello {
  @Get(['hello', 'queuesx'])
  hello() {
    return 'hello';
  }
}

const ADAPTERS: readonly [name: string, make: () => AbstractHttpAdapter][] = [
  ['express', () => new ExpressAdapter()],
  ['fastify', () => new FastifyAdapter()],
];

/** A web app with the console of its own queues. */
async function start(make: () => AbstractHttpAdapter, dashboard: ScalrQueueDashboardOptions = {}) {
  Logger.overrideLogger(false);
  const app = uniqueApp();
  const module = ScalrQueueDashboardModule.forRoot({
    ui: 'console',
    credentials: [READER, WRITER],
    readOnly: false,
    ...dashboard,
  });
  const root = testModule({ app, imports: [module], controllers: [Hello] });
  const web: INestApplication = await NestFactory.create(root, make(), {
    logger: false,
    abortOnError: false,
  });
  web.enableCors({ origin: true, credentials: true });
  await web.listen(0, '127.0.0.1');
  onTestFinished(() => web.close());
  const url = (await web.getUrl()).replace('[::1]', '127.0.0.1');
  const call = (path: string, as: typeof READER | typeof WRITER | null = READER, init: RequestInit = {}) =>
    fetch(`${url}${path}`, {
      redirect: 'manual',
      signal: AbortSignal.timeout(60_000),
      ...init,
      headers: { ...(as ? { authorization: basic(as) } : {}), ...(init.headers as object) },
    });
  const json = async (path: string, as = READER as typeof READER | typeof WRITER) =>
    (await (await call(path, as)).json()) as Record<string, never>;
  const post = async (path: string, body: object, as: typeof READER | typeof WRITER = WRITER) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await call(path, as, { method: 'POST', body: JSON.stringify(body), headers });
    return { status: answer.status, body: (await answer.json()) as Record<string, never> };
  };
  return { app, web, call, json, post };
}

describe.each(ADAPTERS)('the console in an app on %s', (_name, make) => {
  it('shows this app, by the hook of the app, and changes it for those who may', async () => {
    const redact = (payload: unknown, job: { name: string }) => ({
      ...(payload as object),
      to: `the customer of ${job.name}`,
    });
    const { app, web, call, json, post } = await start(make, { redact });
    await startWorker({ app, providers: [Post] });
    const { id } = await web
      .get(EnqueueService, { strict: false })
      .enqueue(Mail, { to: 'ada@example.com', password: 'hunter2' });
    const jobs = web.get(JobsService, { strict: false });
    await eventually(async () => expect(await jobs.get(id)).toMatchObject({ state: 'dead' }));

    expect(await json('/queues/api/me')).toMatchObject({ user: READER.user, role: 'view', title: app });
    await eventually(async () =>
      expect(await json('/queues/api/overview')).toMatchObject({
        apps: [{ app, dead: 1, workers: 1, queues: [{ name: 'post', dead: 1 }] }],
        server: { usedMemory: expect.any(Number) },
        problems: expect.any(Array),
      }),
    );
    for (const as of [READER, WRITER])
      expect(await json(`/queues/api/jobs/${app}/mail/${id}`, as)).toMatchObject({
        payload: { to: 'the customer of mail', password: '[redacted]' },
      });
    expect((await call('/queues/api/jobs?app=another')).status).toBe(404);

    expect(await json('/queues/api/limits')).toEqual({ queues: [], limiters: [], locks: [], notes: [] });
    const { parts } = await json(`/queues/api/memory?app=${app}`);
    expect(parts).toContainEqual(expect.objectContaining({ queue: 'post', kind: 'mail', keys: 1 }));

    // Left open: it has to end when the app closes, which the end of the test waits for.
    const stream = await call('/queues/api/stream');
    const first = await stream.body!.getReader().read();
    expect(new TextDecoder().decode(first.value as Uint8Array)).toMatch(/^(?:event|id|retry|:)/);

    const wanted = { act: 'retry', app, filter: { name: 'mail' } };
    expect((await post('/queues/api/acts/preview', wanted, READER)).status).toBe(403);
    const preview = await post('/queues/api/acts/preview', wanted);
    expect(preview).toMatchObject({ status: 200, body: { matched: 1 } });
    const act = await post('/queues/api/acts', { token: preview.body['token'] });
    await eventually(async () =>
      expect(await json(`/queues/api/acts/${String(act.body['id'])}`)).toMatchObject({
        state: 'done',
        done: 1,
      }),
    );
    expect((await post(`/queues/api/queues/${app}/post/pause`, {})).body).toMatchObject({ paused: true });
  });

  it('stands in front of the app at its path, behind a login, and leaves the rest alone', async () => {
    const { call } = await start(make, { path: '/ops/queues' });
    const page = await call('/ops/queues/');
    const html = await page.text();
    expect([page.status, page.headers.get('content-security-policy')]).toEqual([
      200,
      expect.stringContaining("default-src 'none'"),
    ]);
    // What other sites may do with the app they may not do with this.
    const cross = await call('/ops/queues/', READER, { headers: { origin: 'https://evil.example' } });
    expect([...cross.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    const [, script] = /src="\.(\/[^"]+\.js)"/.exec(html) ?? [];
    expect((await call(`/ops/queues${script}`)).headers.get('content-type')).toMatch(/javascript/);
    // Its files and its API stand beside the page: that is in a folder.
    const moved = await call('/ops/queues?x=1');
    expect([moved.status, moved.headers.get('location')]).toEqual([308, 'queues/?x=1']);
    for (const path of ['/ops/queues/', '/ops/queues/api/overview', `/ops/queues${script}`])
      expect([path, (await call(path, null)).status]).toEqual([path, 401]);
    expect((await call('/ops/queues/none')).status).toBe(404);
    expect((await call('/ops/queues/api/queues', READER, { method: 'DELETE' })).status).toBe(405);
    for (const path of ['/hello', '/queuesx'])
      expect([path, await (await call(path, null)).text()]).toEqual([path, 'hello']);
    expect((await call('/ops/queuesx', null)).status).toBe(404);
  });

  it('only looks unless it is told otherwise, and is closed without credentials', async () => {
    const { app, post, json } = await start(make, { readOnly: true });
    expect(await json('/queues/api/me', WRITER)).toMatchObject({ role: 'view', writes: false });
    const refused = await post('/queues/api/acts/preview', { act: 'retry', app, filter: {} });
    expect(refused).toMatchObject({ status: 403, body: { error: { code: 'ROLE' } } });
    const closed = await start(make, { credentials: [] });
    for (const path of ['/queues', '/queues/', '/queues/api/overview'])
      expect([path, (await closed.call(path, WRITER)).status]).toEqual([path, 404]);
  });
});

it('says on fastify what bull-board needs', async () => {
  const [, make] = ADAPTERS[1]!;
  await expect(start(make, { ui: 'bull-board' })).rejects.toThrow(
    /bull-board needs @nestjs\/platform-express, the app runs on fastify: set the option ui to "console"/,
  );
});
