import { INVOICE, request, sendInvoice } from './support/http.js';
import { startSmtpServer } from './support/smtp-server.js';
import { ready, startRedis, startWeb, startWorker } from './support/start.js';
import { jobIn, shareTemplate, startTemplate } from './support/template.js';

const template = shareTemplate({ SMTP_URL: '' });

it('carries an invoice from the request to the mail, and shows the job on its way', async () => {
  const { web, worker } = await template();
  const sent = await sendInvoice(web.url);
  expect(sent).toMatchObject({ status: 202, body: { jobId: expect.stringMatching(/^[0-9a-f-]{36}$/) } });

  const { jobId } = sent.body;
  const messageId = `<${String(jobId)}@invoices.example.com>`;
  expect(await jobIn(web.url, jobId, 'completed')).toMatchObject({
    id: jobId,
    name: 'invoice.send',
    queue: 'mail',
    attempt: 1,
    maxAttempts: 5,
    result: { messageId },
  });
  await worker.process.waitForOutput(/Mail to ada@example\.com: "Invoice 018f4e3a-.*" <[0-9a-f-]+@/);
  expect(worker.process.output.match(/SMTP_URL is not set/g)).toHaveLength(1);
  expect(web.process.output).not.toContain('ada@example.com');
});

it('has the correlation id of the request in the lines of the handler', async () => {
  const { web, worker } = await template();
  const answer = await fetch(`${web.url}/invoices/${INVOICE}/send`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-correlation-id': 'corr-7', 'x-tenant': 'acme' },
    body: JSON.stringify({ email: 'ada@example.com' }),
  });
  expect([answer.status, answer.headers.get('x-correlation-id')]).toEqual([202, 'corr-7']);
  await worker.process.waitForOutput(/Mail to ada@example\.com.*correlationId\W+corr-7/);
});

it('says what is wrong with a request', async () => {
  const { web, worker } = await template();
  const wrong = await sendInvoice(web.url, { id: 'nonsense', body: { email: 'ada' } });
  expect(wrong).toMatchObject({ status: 400, body: { code: 'PAYLOAD_INVALID' } });
  const issues = wrong.body['issues'] as { path: string }[];
  expect(issues.map(({ path }) => path)).toEqual(['$.invoiceId', '$.email']);

  expect(await sendInvoice(web.url, { body: {} })).toMatchObject({ body: { code: 'PAYLOAD_INVALID' } });
  expect((await sendInvoice(web.url, { body: [] })).status).toBe(400);
  expect(await sendInvoice(web.url, { key: 'a b' })).toMatchObject({
    status: 400,
    body: { code: 'INVALID_OPTION' },
  });
  expect((await request(`${web.url}/invoices/${INVOICE}/send`, { method: 'POST' })).status).toBe(400);
  expect((await request(`${web.url}/jobs/${INVOICE}`)).status).toBe(404);
  expect((await request(`${web.url}/jobs/a%20b`)).status).toBe(400);
  expect((await request(`${worker.url}/jobs/${INVOICE}`)).status).toBe(404);
});

it('makes one job of two requests with the same Idempotency-Key', async () => {
  const { web, worker } = await template();
  const first = await sendInvoice(web.url, { key: 'invoice-7' });
  const second = await sendInvoice(web.url, { key: 'invoice-7' });
  expect([first, second]).toMatchObject([{ body: { jobId: 'invoice-7' } }, { body: { jobId: 'invoice-7' } }]);
  await jobIn(web.url, 'invoice-7', 'completed');
  const last = await sendInvoice(web.url);
  await jobIn(web.url, last.body['jobId'], 'completed');
  await worker.process.waitForOutput(new RegExp(`Mail to .* <${String(last.body['jobId'])}@`));
  expect(worker.process.output.match(/Mail to .* <invoice-7@/g)).toHaveLength(1);
});

it('sends through SMTP_URL, and gives up at once on a recipient that is refused', async () => {
  const smtp = await startSmtpServer();
  const { web, worker } = await startTemplate({ SMTP_URL: smtp.url });
  const good = await sendInvoice(web.url);
  await jobIn(web.url, good.body['jobId'], 'completed');
  expect(smtp.mails).toHaveLength(1);
  expect(smtp.mails[0]).toContain(`Message-ID: <${String(good.body['jobId'])}@invoices.example.com>`);

  const bad = await sendInvoice(web.url, { body: { email: 'nobody@example.com' } });
  expect(await jobIn(web.url, bad.body['jobId'], 'dead')).toMatchObject({
    attempt: 1,
    reason: 'discarded',
    error: { message: 'the mail server refuses the recipient' },
  });
  expect(worker.process.output).not.toContain('@example.com');
});

it('refuses to start with settings that are wrong, and does not show them', async () => {
  const web = await startWeb('redis://127.0.0.1:1', { SMTP_URL: 'http://user:hidden@host' });
  expect(await web.process.exited).toMatchObject({ code: 1 });
  expect(web.process.output).toContain('SMTP_URL: expected a URL like smtp://host:587');
  expect(web.process.output).not.toContain('hidden');
});

it.each([
  ['web', startWeb],
  ['worker', startWorker],
])('has a %s process that is soon ready, and says nothing of trouble that is none', async (_, start) => {
  const redis = await startRedis();
  const begin = Date.now();
  const app = await start(redis.url, { SMTP_URL: 'smtp://127.0.0.1:1' });
  await ready(app);
  // It waits for nothing; what it takes is two seconds of a core, which may be shared by many.
  expect(Date.now() - begin).toBeLessThan(12_000);
  expect(app.process.output).not.toMatch(/WARN|ERROR/);
});
