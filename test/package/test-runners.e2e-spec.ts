import { SampleProject } from './sample.project.js';

const PAGE = 'docs/testing.md';
/** What the page says of a failure. */
const FAILS = `
import 'reflect-metadata';
import { Test } from '@nestjs/testing';
import { EnqueueService } from 'scalr-queue';
import { ScalrQueueTestingModule, TestQueue } from 'scalr-queue/testing';
import { SendInvoice } from './invoices/invoice.jobs.js';

it('fails', async () => {
  const module = await Test.createTestingModule({ imports: [ScalrQueueTestingModule.forRoot()] }).compile();
  const invoice = { invoiceId: 'i-1', email: 'ann@example.com' };
  await module.get(EnqueueService).enqueue(SendInvoice, invoice, { id: 'i-1' });
  module.get(TestQueue).expectEnqueued(SendInvoice, { payload: { invoiceId: 'i-2' } });
});
`;
const MESSAGE = [
  "expected invoice.send with { payload: { invoiceId: 'i-2' } } to be enqueued at least once; 0 of 1 enqueued match:",
  '1. i-1',
  "- payload.invoiceId: expected 'i-2', got 'i-1'",
];

let project: SampleProject;
beforeAll(async () => {
  project = await SampleProject.of(PAGE, { 'wrong.spec.ts': FAILS });
});
afterAll(() => project[Symbol.asyncDispose]());

it.each([
  ['Vitest', () => project.vitest(), /Tests +1 failed \| 11 passed \(12\)/],
  ['Jest', () => project.jest(), /Tests: +1 failed, 11 passed, 12 total/],
])(
  'runs the samples of the page without a Redis, and says what differs, with %s',
  async (_name, run, totals) => {
    const output = await run();
    expect(output).toMatch(totals);
    for (const line of MESSAGE) expect(output).toContain(line);
    expect(output).toContain('exit code 1');
  },
);
