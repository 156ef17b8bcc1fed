import { NestFactory } from '@nestjs/core';
import { type INestApplication, Injectable } from '@nestjs/common';
import { defineJob, Discard, EnqueueService, JobsService, ProcessJob } from 'scalr-queue';
import { ScalrQueueDashboardModule, type ScalrQueueDashboardOptions } from 'scalr-queue/dashboard';
import { onTestFinished } from 'vitest';
import { startWorker, type TestAppOptions, testModule, uniqueApp } from './apps.js';
import { eventually } from './eventually.js';

export const READER = { user: 'eve', password: 'only-looks-9', role: 'read' } as const;
export const WRITER = { user: 'ada', password: 'may-do-things-1' } as const;

export interface Call extends Omit<RequestInit, 'headers'> {
  headers?: Record<string, string>;
  /** Who asks; null for nobody. Defaults to the one who may write. */
  as?: { user: string; password: string } | null;
}

/** A web app with the dashboard, and a way to ask it; closed when the test ends. */
export async function startDashboard(
  dashboard: ScalrQueueDashboardOptions = {},
  options: TestAppOptions = {},
  prepare: (web: INestApplication) => void = () => undefined,
) {
  const app = options.app ?? uniqueApp();
  const module = ScalrQueueDashboardModule.forRoot({
    credentials: [READER, WRITER],
    readOnly: false,
    ...dashboard,
  });
  const root = testModule({ ...options, app, imports: [...(options.imports ?? []), module] });
  const web = await NestFactory.create(root, { logger: false, abortOnError: false });
  prepare(web);
  await web.listen(0, '127.0.0.1');
  onTestFinished(() => web.close());
  const url = (await web.getUrl()).replace('[::1]', '127.0.0.1');
  const call = (path: string, { as = WRITER, headers, ...init }: Call = {}) =>
    fetch(`${url}${path}`, {
      redirect: 'manual',
      signal: AbortSignal.timeout(60_000),
      ...init,
      headers: { ...(as ? { authorization: basic(as) } : {}), ...headers },
    });
  const put = (path: string, init: Call = {}) =>
    call(path, { method: 'PUT', ...init, headers: { 'x-requested-with': 'test', ...init.headers } });
  const json = async (path: string, init?: Call) =>
    (await (await call(path, init)).json()) as Record<string, never>;
  return { app, web, url, call, put, json, queue: web.get(EnqueueService, { strict: false }) };
}

export function basic({ user, password }: { user: string; password: string }): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

export const Pay = defineJob<{ amount: number }>('pay', { queue: 'money', retry: { attempts: 2, delay: 5 } });

@Injectable()
export class Payments {
  broken = true;

  @ProcessJob(Pay)
  pay({ amount }: { amount: number }) {
    if (amount < 0) throw new Discard('negative');
    if (this.broken) throw Object.assign(new RangeError('the bank is closed'), { code: 'E_BANK' });
    return { paid: amount };
  }
}

/** A dashboard, a worker whose jobs fail until told otherwise, and one dead job. */
export async function startWithDeadJob(dashboard = {}) {
  const payments = new Payments();
  const provider = { provide: Payments, useValue: payments };
  const board = await startDashboard(dashboard);
  await startWorker({ app: board.app, providers: [provider] });
  const { id } = await board.queue.enqueue(Pay, { amount: 7 });
  const jobs = board.web.get(JobsService, { strict: false });
  await eventually(async () => expect(await jobs.get(id)).toMatchObject({ state: 'dead', attempt: 2 }));
  const job = `/queues/api/queues/money/pay~${id}`;
  await eventually(async () => expect((await board.call(job)).status).toBe(200));
  return { ...board, payments, id, job, jobs };
}
