import { createHmac } from 'node:crypto';
import { freePort } from '../support/ports.js';
import { eventually } from '../support/eventually.js';
import { request } from './support/http.js';
import { startRedis, startWorker } from './support/start.js';
import { jobIn, postJson, shareTemplate, startTemplate } from './support/template.js';
import { type Delivery, startReceiver } from './support/webhook-receiver.js';

/** The one that the processes of the tests are started with. */
const SECRET = 'a secret of the e2e tests';
const event = { event: 'invoice.paid', data: { invoiceId: 7, notes: ['€', null] } };

const template = shareTemplate();
const send = (webUrl: string, url: string, headers?: Record<string, string>) =>
  postJson(`${webUrl}/webhooks`, { url, ...event }, headers);

function expectSigned({ headers, body }: Delivery, jobId: unknown, secret = SECRET): void {
  expect(JSON.parse(body)).toEqual(event);
  expect(headers['content-type']).toBe('application/json');
  expect(headers['x-webhook-id']).toBe(jobId);
  expect(headers['x-signature']).toBe(`sha256=${createHmac('sha256', secret).update(body).digest('hex')}`);
}

it('delivers a signed webhook at the second attempt when the first one met a 500', async () => {
  const { web, worker } = await template();
  const receiver = await startReceiver({ status: 500 }, { status: 200 });
  const sent = await send(web.url, receiver.url);
  expect(sent).toMatchObject({ status: 202, body: { jobId: expect.stringMatching(/^[0-9a-f-]{36}$/) } });

  const { jobId } = sent.body;
  expect(await jobIn(web.url, jobId, 'completed')).toMatchObject({ attempt: 2, result: { status: 200 } });
  expect(receiver.deliveries).toHaveLength(2);
  for (const delivery of receiver.deliveries) expectSigned(delivery, jobId);
  expect(worker.process.output + web.process.output).not.toMatch(/hidden|secret|invoiceId/);
});

it.each([
  ['seconds', 429, () => '2'],
  ['a date', 503, () => new Date(Date.now() + 3_000).toUTCString()],
])('comes back when the receiver says so, in %s', async (_, status, retryAfter) => {
  const { web } = await template();
  const receiver = await startReceiver({ status, headers: { 'retry-after': retryAfter() } }, { status: 204 });
  const { body } = await send(web.url, receiver.url);
  const waiting = await jobIn(web.url, body['jobId'], 'delayed');
  expect(waiting).toMatchObject({ attempt: 1, error: { message: `the receiver answered ${status}` } });
  expect(await jobIn(web.url, body['jobId'], 'completed')).toMatchObject({ attempt: 2 });
  const [first, second] = receiver.deliveries;
  // The usual backoff is at most a second; a date has no fractions of one.
  expect(second!.at - first!.at).toBeGreaterThan(1_500);
});

it.each([[410], [302]])('gives up at once when the receiver answers %d', async (status) => {
  const { web } = await template();
  const receiver = await startReceiver({ status, headers: { location: 'http://127.0.0.1:1/' } });
  const { body } = await send(web.url, receiver.url);
  expect(await jobIn(web.url, body['jobId'], 'dead')).toMatchObject({
    reason: 'discarded',
    attempt: 1,
    error: { message: `the receiver answered ${status}` },
  });
  expect(receiver.deliveries).toHaveLength(1);
});

it('tries again when nobody answers', async () => {
  const { web } = await template();
  const { body } = await send(web.url, `http://127.0.0.1:${await freePort()}/`);
  expect(await jobIn(web.url, body['jobId'], 'delayed')).toMatchObject({
    attempt: 1,
    maxAttempts: 10,
    error: { message: expect.stringContaining('ECONNREFUSED') },
  });
});

it('lets go of a receiver that does not answer when the worker has to stop', async () => {
  const { web, worker } = await startTemplate({ SCALR_SHUTDOWN_TIMEOUT: '200ms' });
  const receiver = await startReceiver();
  const { body } = await send(web.url, receiver.url);
  await eventually(() => receiver.deliveries.length === 1);
  await worker.process.stop();
  expect(worker.process.output).toMatch(/Shutdown: 0 finished, 1 handed back$/m);
  expect(await jobIn(web.url, body['jobId'], 'waiting')).toMatchObject({ attempt: 0 });
});

it('refuses a webhook that cannot be delivered, and makes one job of two with the same Idempotency-Key', async () => {
  const { web } = await template();
  for (const url of ['ftp://host/', 'file:///etc/passwd', '/hook', 'http://user:hidden@host/', 7]) {
    const { status, body } = await postJson(`${web.url}/webhooks`, { url, ...event });
    expect([url, status, body['code']]).toEqual([url, 400, 'PAYLOAD_INVALID']);
    expect(JSON.stringify(body)).not.toContain('hidden');
  }
  expect((await request(`${web.url}/webhooks`, { method: 'POST' })).status).toBe(400);

  const receiver = await startReceiver({ status: 200 });
  for (let n = 0; n < 2; n++)
    expect(await send(web.url, receiver.url, { 'idempotency-key': 'paid-7' })).toMatchObject({
      status: 202,
      body: { jobId: 'paid-7' },
    });
  await jobIn(web.url, 'paid-7', 'completed');
  expect(receiver.deliveries).toHaveLength(1);
});

it('signs with a known secret in development, and says so', async () => {
  const { web, worker } = await startTemplate({ WEBHOOK_SECRET: '' });
  const receiver = await startReceiver({ status: 200 });
  const { body } = await send(web.url, receiver.url);
  await jobIn(web.url, body['jobId'], 'completed');
  expectSigned(receiver.deliveries[0]!, body['jobId'], 'development-webhook-secret');
  expect(worker.process.output.match(/WEBHOOK_SECRET is not set/g)).toHaveLength(1);
  expect(web.process.output).not.toContain('WEBHOOK_SECRET');
});

it('refuses to run a worker with a secret that is too short', async () => {
  const { url } = await startRedis();
  const short = await startWorker(url, { WEBHOOK_SECRET: 'hidden' });
  expect(await short.process.exited).toMatchObject({ code: 1 });
  expect(short.process.output).toContain('WEBHOOK_SECRET: expected at least 16 characters');
  expect(short.process.output).not.toContain('hidden');
});
