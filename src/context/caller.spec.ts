import { Test } from '@nestjs/testing';
import { EnqueueService, JobsService } from 'scalr-queue';
import { ScalrQueueTestingModule, TestQueue } from 'scalr-queue/testing';
import { InvoiceProcessor } from '../invoices/invoice.processor.js';
import { SendInvoice } from '../invoices/invoice.jobs.js';
import { Mailer } from '../mail/mailer.js';
import { asCaller, type Caller, currentCaller, rememberCaller } from './caller.js';
import { CallerHook } from './caller.hook.js';

const invoice = { invoiceId: 'f47ac10b-58cc-4372-a567-0e02b2c3d479', email: 'ada@example.com' };

async function start() {
  const sent: unknown[] = [];
  const module = await Test.createTestingModule({
    imports: [ScalrQueueTestingModule.forRoot({ hooks: [CallerHook] })],
    providers: [
      InvoiceProcessor,
      { provide: Mailer, useValue: { send: async (mail: unknown) => void sent.push(mail) } },
    ],
  }).compile();
  return {
    sent,
    queue: module.get(TestQueue),
    enqueue: module.get(EnqueueService),
    jobs: module.get(JobsService),
  };
}

it('sends invoices for tenants, and discards those of closed accounts', async () => {
  const { sent, queue, enqueue, jobs } = await start();
  const send = (caller: Caller) => asCaller(caller, () => enqueue.enqueue(SendInvoice, invoice));
  const open = await send({ correlationId: 'c-1', tenant: 'acme' });
  const closed = await send({ correlationId: 'c-2', tenant: 'closed' });
  await queue.drain();
  expect(sent).toHaveLength(1);
  expect(await jobs.get(open.id)).toMatchObject({ state: 'completed' });
  expect(await jobs.get(closed.id)).toMatchObject({
    state: 'dead',
    reason: 'discarded',
    error: { message: 'refused by TenantGuard' },
  });
});

it.each([
  [
    { 'x-correlation-id': 'abc-1', 'x-tenant': 'acme' },
    { correlationId: 'abc-1', tenant: 'acme' },
  ],
  [
    { 'x-correlation-id': 'two\nlines' },
    { correlationId: expect.stringMatching(/^[\da-f-]{36}$/) as string, tenant: undefined },
  ],
])('takes the caller from the headers %j', (headers, expected) => {
  const set: unknown[] = [];
  let seen: Caller | undefined;
  rememberCaller(
    { headers } as never,
    { setHeader: (...args: unknown[]) => void set.push(args) } as never,
    () => void (seen = currentCaller()),
  );
  expect(seen).toEqual(expected);
  expect(set).toEqual([['x-correlation-id', seen?.correlationId]]);
});
