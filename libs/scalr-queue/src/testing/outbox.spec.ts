import { Test } from '@nestjs/testing';
import { defineJob, EnqueueService, JobsService, PayloadInvalidError } from 'scalr-queue';
import { postgresOutbox } from 'scalr-queue/outbox';
import { z } from 'zod';
import { handlerOf } from '../../../../test/conformance/driver.js';
import { TestQueue } from './test.queue.js';
import { ScalrQueueTestingModule } from './testing.module.js';
import type { TestingModuleOptions } from './testing.options.js';

const Ship = defineJob('ship', { payload: z.object({ order: z.int() }) });
const Charge = defineJob<{ order: number }, { charged: number }>('charge', { durable: true });

const Save = defineJob<string>('save', { retry: false });

async function kit(options: TestingModuleOptions = {}) {
  const handlers = [
    handlerOf(Ship, () => undefined),
    handlerOf(Save, (text, ctx) => ctx.tx((tx) => tx.query(text))),
    handlerOf(Charge, ({ order }: { order: number }) => ({ charged: order })),
  ];
  const imports = [ScalrQueueTestingModule.forRoot(options)];
  const module = await Test.createTestingModule({ imports, providers: handlers }).compile();
  return { queue: module.get(TestQueue), jobs: module.get(EnqueueService), info: module.get(JobsService) };
}

it('takes anything as a transaction, and has the job at once', async () => {
  const { queue, jobs } = await kit();
  const job = await jobs.enqueue(Ship, { order: 1 }, { tx: { any: 'thing' } });
  expect(job.status).toBe('recorded');
  queue.expectEnqueued(Ship, { payload: { order: 1 } });
  expect(await queue.drain()).toMatchObject({ completed: 1 });
});

it('checks the payload of what is recorded', async () => {
  const { queue, jobs } = await kit();
  await expect(jobs.enqueue(Ship, { order: 0.5 }, { tx: {} })).rejects.toBeInstanceOf(PayloadInvalidError);
  expect(queue.enqueued()).toEqual([]);
});

it('runs durable jobs with their delays, in an app without an outbox too', async () => {
  const { queue, jobs, info } = await kit();
  const [now, later] = await Promise.all([
    jobs.enqueue(Charge, { order: 1 }),
    jobs.enqueue(Charge, { order: 2 }, { delay: '1h' }),
  ]);
  expect(await info.get(later)).toMatchObject({ state: 'delayed' });
  expect(await queue.drain()).toMatchObject({ completed: 1 });
  expect(await queue.advance('1h')).toMatchObject({ completed: 1 });
  expect(await info.get(now)).toMatchObject({ result: { charged: 1 } });
});

it('asks the outbox of the app whether the code is in a transaction', async () => {
  let tx: object | undefined = {};
  const adapter = { statement: () => undefined, transaction: () => tx };
  const outbox = postgresOutbox({ url: 'postgres://none.invalid/x', strict: true, adapter });
  const { jobs } = await kit({ outbox });
  await expect(jobs.enqueue(Ship, { order: 1 })).rejects.toThrow('the outbox is strict');
  expect(await jobs.enqueue(Ship, { order: 1 }, { tx: true })).toMatchObject({ status: 'recorded' });
  tx = undefined;
  expect(await jobs.enqueue(Ship, { order: 1 })).toMatchObject({ status: 'created' });
});

it('gives handlers what the test has as a transaction', async () => {
  const texts: string[] = [];
  const client = { query: async (text: string) => ({ rows: [texts.push(text)], rowCount: 1 }) };
  const { queue } = await kit({ transaction: (work) => work(client) });
  expect(await queue.runJob(Save, 'insert')).toMatchObject({
    status: 'completed',
    result: { rows: [1], rowCount: 1 },
  });
  expect(texts).toEqual(['insert']);
});

it('says what is missing where a handler uses a transaction that the test has not given', async () => {
  const { queue, jobs, info } = await kit();
  const job = await jobs.enqueue(Save, 'insert');
  await queue.drain();
  expect((await info.get(job))?.error?.message).toBe(
    'tx.query is not there: the test kit has no database. Its option transaction gives what the handler uses as tx: ' +
      '{ transaction: (work) => work(client) }',
  );
  await expect(kit({ transaction: 'pg' as never })).rejects.toThrow('expected transaction to be a function');
});
