import { Test } from '@nestjs/testing';
import { Discard, EnqueueService, JobsService } from 'scalr-queue';
import { ScalrQueueTestingModule, TestQueue } from 'scalr-queue/testing';
import { type Mail, Mailer, RecipientRefusedError } from '../mail/mailer.js';
import { SendInvoice } from './invoice.jobs.js';
import { InvoiceProcessor } from './invoice.processor.js';

const invoice = { invoiceId: '7b0c1c6e-7a37-4b7e-9f5c-0f6f2d6b7a11', email: 'ann@example.com' };

/** The processor with a mail server that fails as often as told. */
async function processorWith(...failures: Error[]) {
  const sent: Mail[] = [];
  const mailer: Pick<Mailer, 'send'> = {
    send: async (mail) => {
      const failure = failures.shift();
      if (failure) throw failure;
      sent.push(mail);
    },
  };
  const module = await Test.createTestingModule({
    imports: [ScalrQueueTestingModule.forRoot()],
    providers: [InvoiceProcessor, { provide: Mailer, useValue: mailer }],
  }).compile();
  return {
    sent,
    queue: module.get(TestQueue),
    enqueue: module.get(EnqueueService),
    jobs: module.get(JobsService),
  };
}

describe('one attempt to send an invoice', () => {
  it('sends one mail, whose Message-ID comes from the job', async () => {
    const { sent, queue } = await processorWith();
    const outcome = await queue.runJob(SendInvoice, invoice, { id: 'order-7' });
    const messageId = '<order-7@invoices.example.com>';
    expect(outcome).toMatchObject({ status: 'completed', result: { messageId } });
    expect(sent).toEqual([expect.objectContaining({ messageId, to: invoice.email })]);
  });

  it('gives up at once when the recipient is refused', async () => {
    const { queue } = await processorWith(new RecipientRefusedError('unknown user'));
    const outcome = await queue.runJob(SendInvoice, invoice);
    expect(outcome).toMatchObject({ status: 'dead', reason: 'discarded', error: expect.any(Discard) });
  });

  it.each([
    [1, 'retrying'],
    [5, 'dead'],
  ])('number %i is %s when the mail server is away', async (attempt, status) => {
    const { queue } = await processorWith(new Error('connect ECONNREFUSED'));
    expect(await queue.runJob(SendInvoice, invoice, { attempt })).toMatchObject({ status });
  });
});

describe('an invoice', () => {
  it('is sent once the mail server is back, with the same Message-ID', async () => {
    const { sent, queue, enqueue, jobs } = await processorWith(new Error('away'), new Error('still away'));
    const { id } = await enqueue.enqueue(SendInvoice, invoice);
    expect(await queue.drain()).toMatchObject({ retrying: 1 });
    expect(await queue.advance('1m')).toMatchObject({ retrying: 1, completed: 1 });
    expect(await jobs.get(id)).toMatchObject({ state: 'completed', attempt: 3 });
    expect(sent).toEqual([expect.objectContaining({ messageId: `<${id}@invoices.example.com>` })]);
  });
});
