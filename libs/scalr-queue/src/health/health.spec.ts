import { ConsoleLogger, Logger } from '@nestjs/common';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { onTestFinished, vi } from 'vitest';
import { settlesWithin } from '../engine/deadline.js';
import type { QueueEngine } from '../engine/queue.engine.js';
import type { AppSnapshot, AppState } from '../inspection/app.state.js';
import { HealthChecks } from './health.checks.js';
import { HealthReport } from './health.report.js';
import { ScalrQueueHealthIndicator } from './scalr-queue.health.js';
import { WorkerHealthServer } from './worker-health.server.js';
import { WorkerState } from './worker.state.js';

const queueOf = (name: string): AppSnapshot['queues'][number] => ({
  name,
  waiting: 1,
  delayed: 0,
  running: 0,
  dead: 0,
  paused: false,
  oldestPendingAgeMs: 5,
  nextJobs: [{ name: 'a', id: '1' }] as never,
  nextDueAt: 7,
});

interface Facts {
  answers: boolean;
  fit: boolean;
  unhandled: AppSnapshot['unhandled'];
  away: boolean;
}

/** A report of two queues, which goes by what a test says of Redis. */
function reporting() {
  const facts: Facts = { answers: true, fit: true, unhandled: [], away: false };
  const engine = {
    get fit() {
      return facts.fit;
    },
    answers: async () => facts.answers,
  } as unknown as QueueEngine;
  const recent = async () =>
    facts.away
      ? undefined
      : { queues: [queueOf('mail'), queueOf('pdf')], workers: [], unhandled: facts.unhandled };
  const report = new HealthReport(
    engine,
    { recent } as unknown as AppState,
    {
      text: async () => 'metrics of the app',
    } as never,
  );
  return { facts, report };
}

const told = (name: string) => ({
  name,
  waiting: 1,
  delayed: 0,
  running: 0,
  dead: 0,
  paused: false,
  oldestPendingAgeMs: 5,
});

describe('the report of the queues', () => {
  it('tells of all of them, or of those that are asked for and those with jobs that nobody handles', async () => {
    const { facts, report } = reporting();
    expect(await report.queues()).toEqual({ queues: [told('mail'), told('pdf')] });
    expect(await report.queues(['pdf'])).toEqual({ queues: [told('pdf')] });
    expect(await report.queues([])).toEqual({ queues: [] });
    facts.unhandled = [{ name: 'old', queue: 'mail' }];
    expect(await report.queues(['pdf'])).toEqual({
      queues: [told('mail'), told('pdf')],
      warnings: ['no live worker handles old'],
    });
    facts.away = true;
    expect(await report.queues()).toBeUndefined();
  });

  it('names ten kinds of jobs that nobody handles, and counts the others', async () => {
    const { facts, report } = reporting();
    const kinds = (count: number) =>
      (facts.unhandled = Array.from({ length: count }, (_, n) => ({ name: `job-${n}`, queue: 'mail' })));
    kinds(10);
    expect((await report.queues())?.warnings).toHaveLength(10);
    kinds(12);
    const { warnings } = (await report.queues())!;
    expect(warnings).toHaveLength(11);
    expect(warnings?.slice(9)).toEqual(['no live worker handles job-9', 'and 2 more']);
  });
});

it('is an indicator for the checks of an app: up, or down without a reason', async () => {
  const { facts, report } = reporting();
  const indicator = new ScalrQueueHealthIndicator(report);
  expect(await indicator.isHealthy('queue')).toEqual({ queue: { status: 'up' } });
  expect(await indicator.queues('jobs')).toEqual({
    jobs: { status: 'up', queues: [told('mail'), told('pdf')] },
  });
  facts.fit = false;
  expect(await indicator.isHealthy('queue')).toEqual({ queue: { status: 'down' } });
  Object.assign(facts, { fit: true, answers: false, away: true });
  expect(await indicator.isHealthy('queue')).toEqual({ queue: { status: 'down' } });
  expect(await indicator.queues('jobs')).toEqual({ jobs: { status: 'down' } });
});

describe('the server of a worker', () => {
  /** A worker whose state the test sets, and what its endpoints answer. */
  async function serving() {
    const { facts, report } = reporting();
    const state = new WorkerState();
    const server = await WorkerHealthServer.start(state, 0, '127.0.0.1');
    onTestFinished(() => server.close());
    const ask = async (path: string) => {
      const response = await fetch(server.url + path);
      return { response, status: response.status, body: await response.text() };
    };
    const life = { accepting: true };
    const boot = () => {
      state.begin({ report, accepting: () => life.accepting, running: () => 3, queues: () => ['pdf'] });
    };
    return { server, state, facts, life, boot, ask };
  }

  it('tells how far the worker is, and whether it takes jobs', async () => {
    const { state, facts, life, boot, ask } = await serving();
    const all = async () =>
      (await Promise.all(['live', 'startup', 'ready'].map((path) => ask(`/health/${path}`)))).map(
        ({ status }) => status,
      );
    expect(await all()).toEqual([200, 503, 503]);
    const startup = await ask('/health/startup');
    expect(startup.body).toBe('{"status":"starting"}');
    expect(startup.response.headers.get('cache-control')).toBe('no-store');
    boot();
    expect(await all()).toEqual([200, 200, 200]);
    life.accepting = false;
    expect(await all()).toEqual([200, 200, 503]);
    life.accepting = true;
    facts.fit = false;
    expect(await all()).toEqual([200, 200, 503]);
    facts.fit = true;
    facts.answers = false;
    expect(await all()).toEqual([200, 200, 503]);
    facts.answers = true;
    state.drain();
    expect(await all()).toEqual([200, 200, 503]);
    expect(JSON.parse((await ask('/health/ready')).body)).toMatchObject({
      details: { redis: { status: 'up' }, worker: { status: 'down', phase: 'draining', draining: true } },
    });
  });

  it('reports on Redis, on its own queues and on itself, and says nothing of what it is made of', async () => {
    const { facts, boot, ask } = await serving();
    expect((await ask('/metrics')).body).toContain('nodejs_eventloop_lag_seconds');
    boot();
    const { response, status, body } = await ask('/health');
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({
      details: {
        redis: { status: 'up' },
        queues: { status: 'up', queues: [{ name: 'pdf' }] },
        worker: { status: 'up', phase: 'running', draining: false, running: 3 },
      },
    });
    expect(response.headers.get('x-powered-by')).toBeNull();
    expect(response.headers.get('cache-control')).toContain('no-');
    expect((await ask('/metrics')).body).toBe('metrics of the app');
    facts.away = true;
    const away = await ask('/health');
    expect([away.status, JSON.parse(away.body).details.queues]).toEqual([503, { status: 'down' }]);
  });

  it.each([
    ['GET', '/health/live/', 200, { status: 'ok' }],
    ['GET', '/HEALTH/live?probe=1', 200, { status: 'ok' }],
    ['HEAD', '/health/live', 200, undefined],
    ['HEAD', '/health/ready', 503, undefined],
    ['GET', '/', 404, { message: 'Cannot GET /', error: 'Not Found', statusCode: 404 }],
    [
      'GET',
      '/toString?a=b',
      404,
      { message: 'Cannot GET /toString?a=b', error: 'Not Found', statusCode: 404 },
    ],
    ['POST', '/health', 404, { message: 'Cannot POST /health', error: 'Not Found', statusCode: 404 }],
  ])('answers %s %s with %i', async (method, path, status, body) => {
    const { server } = await serving();
    const response = await fetch(server.url + path, { method });
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await response.text()).toBe(body === undefined ? '' : JSON.stringify(body));
  });

  it('asks for the token of the metrics, and tells nobody why it has none', async () => {
    vi.stubEnv('SCALR_METRICS_TOKEN', 'a-token-of-operators');
    onTestFinished(() => void vi.unstubAllEnvs());
    const { server, state, ask } = await serving();
    const refused = await ask('/metrics');
    expect([refused.status, JSON.parse(refused.body)]).toEqual([
      401,
      { message: 'Unauthorized', statusCode: 401 },
    ]);
    expect(refused.response.headers.get('cache-control')).toBe('no-store');
    const authorization = 'Bearer a-token-of-operators';
    const scrape = () => fetch(`${server.url}/metrics`, { headers: { authorization } });
    expect((await scrape()).headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const written = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    onTestFinished(() => written.mockRestore());
    const text = () => Promise.reject(new Error('a secret'));
    state.begin({ report: { metrics: { text } } } as never);
    const failed = await scrape();
    expect([failed.status, await failed.json()]).toEqual([
      500,
      { statusCode: 500, message: 'Internal server error' },
    ]);
    expect(written).toHaveBeenCalledWith('GET /metrics failed: Error: a secret');
  });

  it('ends the connections that are kept alive when it closes', async () => {
    const { server } = await serving();
    const connection = connect(Number(new URL(server.url).port), '127.0.0.1');
    connection.write('GET /health/live HTTP/1.1\r\nHost: worker\r\n\r\n');
    await once(connection, 'data');
    const ended = once(connection, 'close');
    await server.close();
    await ended;
    await expect(fetch(server.url)).rejects.toThrow('fetch failed');
  });

  it('gives slow clients seconds, not minutes', async () => {
    const { server, ask } = await serving();
    expect((await ask('/health/live')).response.headers.get('keep-alive')).toBe('timeout=5');
    const { server: http } = server as unknown as { server: Server };
    expect(http).toMatchObject({ headersTimeout: 5_000, requestTimeout: 10_000 });
  });

  it('has closed when its checks have', async () => {
    const { server } = await serving();
    let end = () => {};
    const checks = vi.spyOn(HealthChecks.prototype, 'close');
    onTestFinished(() => checks.mockRestore());
    checks.mockReturnValueOnce(new Promise((resolve) => (end = resolve)));
    const closed = server.close();
    expect(await settlesWithin(closed, 20)).toBe(false);
    end();
    await closed;
    expect(checks).toHaveBeenCalledOnce();
  });

  it('leaves the logger of the process as it is, and writes nothing of the checks that fail', async () => {
    const written: string[] = [];
    const spies = [process.stdout, process.stderr].map((stream) =>
      vi.spyOn(stream, 'write').mockImplementation((text) => written.push(String(text)) > 0),
    );
    const logger = Logger as unknown as { staticInstanceRef?: unknown };
    const before = logger.staticInstanceRef;
    onTestFinished(() => {
      logger.staticInstanceRef = before;
      for (const spy of spies) spy.mockRestore();
    });
    const own = new ConsoleLogger();
    Logger.overrideLogger(own);
    const { ask } = await serving();
    expect(logger.staticInstanceRef).toBe(own);
    expect((await ask('/health/ready')).status).toBe(503);
    expect(written).toEqual([]);
  });

  it.each([
    ['127.0.0.1', /^http:\/\/127\.0\.0\.1:\d+\/health$/],
    ['0.0.0.0', /^http:\/\/127\.0\.0\.1:\d+\/health, on all interfaces$/],
    [undefined, /^http:\/\/127\.0\.0\.1:\d+\/health, on all interfaces$/],
  ])('says where it answers: %s', async (host, expected) => {
    const server = await WorkerHealthServer.start(new WorkerState(), 0, host);
    onTestFinished(() => server.close());
    expect(server.place).toMatch(expected);
    expect((await fetch(`${server.url}/health/live`)).status).toBe(200);
  });

  it('names the port that is taken, and what to set', async () => {
    const { server } = await serving();
    const port = Number(new URL(server.url).port);
    await expect(WorkerHealthServer.start(new WorkerState(), port, '127.0.0.1')).rejects.toThrow(
      `the port ${port} is in use: set SCALR_WORKER_PORT`,
    );
  });

  it('goes on when a connection cannot be accepted', async () => {
    const errors = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    onTestFinished(() => errors.mockRestore());
    const { server, ask } = await serving();
    const { server: http } = server as unknown as { server: Server };
    http.emit('error', new Error('accept EMFILE'));
    expect(errors.mock.calls).toEqual([['health endpoints: Error: accept EMFILE']]);
    expect((await ask('/health/live')).status).toBe(200);
  });
});
