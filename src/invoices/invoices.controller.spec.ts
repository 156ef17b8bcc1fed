import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { ScalrQueueTestingModule, TestQueue } from 'scalr-queue/testing';
import { JobsModule } from '../jobs/jobs.module.js';
import { SendInvoice } from './invoice.jobs.js';
import { InvoicesModule } from './invoices.module.js';

const invoiceId = '7b0c1c6e-7a37-4b7e-9f5c-0f6f2d6b7a11';
const email = 'ann@example.com';

describe('POST /invoices/:id/send', () => {
  let app: INestApplication;
  let queue: TestQueue;

  beforeAll(async () => {
    const imports = [ScalrQueueTestingModule.forRoot(), JobsModule, InvoicesModule];
    const module = await Test.createTestingModule({ imports }).compile();
    app = module.createNestApplication({ logger: false });
    queue = app.get(TestQueue);
    await app.listen(0, '127.0.0.1');
  });
  afterAll(() => app.close());
  afterEach(() => queue.clear());

  const send = async (id: string, body: object, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${await app.getUrl()}/invoices/${id}/send`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };

  it('enqueues the mail and answers with the id of the job', async () => {
    const answer = await send(invoiceId, { email });
    const [job] = queue.expectEnqueued(SendInvoice, { payload: { invoiceId, email }, delay: 0, times: 1 });
    expect(answer).toEqual({ status: 202, body: { jobId: job!.id } });
  });

  it('makes no second job for the same Idempotency-Key', async () => {
    const key = { 'idempotency-key': 'order-7' };
    const answers = [await send(invoiceId, { email }, key), await send(invoiceId, { email }, key)];
    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    queue.expectEnqueued(SendInvoice, { id: 'order-7', times: 1 });
  });

  it('says what is wrong with the request, and enqueues nothing', async () => {
    const { status, body } = await send('seven', { email: 'ann' });
    expect({ status, code: body['code'] }).toEqual({ status: 400, code: 'PAYLOAD_INVALID' });
    queue.expectNotEnqueued();
  });

  it('asks to try again while the queue cannot be reached', async () => {
    queue.down();
    const { status, body } = await send(invoiceId, { email });
    expect({ status, code: body['code'] }).toEqual({ status: 503, code: 'QUEUE_UNAVAILABLE' });
    queue.up();
    queue.expectNotEnqueued();
  });

  it('tells the id to try again with when the queue does not answer', async () => {
    queue.hang();
    const { status, body } = await send(invoiceId, { email });
    expect({ status, code: body['code'] }).toEqual({ status: 503, code: 'OUTCOME_UNKNOWN' });
    queue.up();
    const again = await send(invoiceId, { email }, { 'idempotency-key': String(body['jobId']) });
    expect(again).toEqual({ status: 202, body: { jobId: body['jobId'] } });
    queue.expectEnqueued(SendInvoice, { times: 1 });
  });
});
