import { startProducer } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { INVOICE, request, sendInvoice } from './support/http.js';
import { jobIn, postJson, shareTemplate } from './support/template.js';

/** Seconds of computing on any machine. */
const LARGE = 8_000_000;
const template = shareTemplate();

it('builds a report in a thread: progress on the way, health answers meanwhile, the result at the end', async () => {
  const { web, worker } = await template();
  const sent = await postJson(`${web.url}/reports`, { upTo: LARGE });
  expect(sent).toMatchObject({ status: 202, body: { jobId: expect.stringMatching(/^[0-9a-f-]{36}$/) } });
  const report = `${web.url}/reports/${String(sent.body['jobId'])}`;

  const seen = new Set<unknown>();
  let [slowest, early] = [0, 0];
  await eventually(
    async () => {
      const health = await request(`${worker.url}/health/live`);
      expect(health.status).toBe(200);
      slowest = Math.max(slowest, health.took);
      const [status, result] = await Promise.all([request(report), request(`${report}/result`)]);
      seen.add(status.body['progress']);
      if (result.status === 202) early++;
      return status.body['state'] === 'completed';
    },
    { timeout: 60_000, interval: 50 },
  );
  expect([...seen].filter((progress) => Number(progress) > 0 && Number(progress) < 100)).not.toEqual([]);
  expect(early).toBeGreaterThan(3);
  expect(slowest).toBeLessThan(4_000);

  expect(await request(report)).toMatchObject({ status: 200, body: { state: 'completed', progress: 100 } });
  expect(await request(`${report}/result`)).toMatchObject({
    status: 200,
    body: { primes: 539_777, largest: 7_999_993 },
  });
  await worker.process.waitForOutput(/Report .*: 539777 primes/);
});

it('says that there will be no result of a report that was cancelled', async () => {
  const { redis, web } = await template();
  const { jobs } = await startProducer({ redis: redis.url, app: 'template' });
  const { body } = await postJson(`${web.url}/reports`, { upTo: LARGE });
  const id = String(body['jobId']);
  await jobIn(web.url, id, 'running');
  expect(await jobs.cancel(id)).toBe('cancelling');
  await jobIn(web.url, id, 'dead');
  expect(await request(`${web.url}/reports/${id}`)).toMatchObject({ body: { reason: 'cancelled' } });
  expect(await request(`${web.url}/reports/${id}/result`)).toMatchObject({
    status: 409,
    body: { message: `report ${id} failed (cancelled)` },
  });
});

it('says what is wrong with a request, and knows no jobs but reports', async () => {
  const { web } = await template();
  for (const upTo of [1, 20_000_001, 2.5, '7', undefined]) {
    const { status, body } = await postJson(`${web.url}/reports`, { upTo });
    expect([upTo, status, body['code']]).toEqual([upTo, 400, 'PAYLOAD_INVALID']);
  }
  const { body } = await sendInvoice(web.url);
  await jobIn(web.url, body['jobId'], 'completed');
  for (const id of [INVOICE, String(body['jobId'])]) {
    expect((await request(`${web.url}/reports/${id}`)).status).toBe(404);
    expect((await request(`${web.url}/reports/${id}/result`)).status).toBe(404);
  }
  expect((await request(`${web.url}/reports/a%20b/result`)).status).toBe(400);
});
