import { freePort } from '../support/ports.js';
import { eventually } from '../support/eventually.js';
import { INVOICE, request, sendInvoice } from './support/http.js';
import { type RunningApp, ready, startRedis, startWeb, startWorker } from './support/start.js';

/** The promise is 1.1 s; the rest is for a busy machine. */
const FAST = 5_000;
/** The promise is 50 ms once Redis is known to be away; the rest is for HTTP. */
const AT_ONCE = 200;

const linesAboutRedis = ({ process }: RunningApp) =>
  process.output.split('\n').filter((line) => /\[ScalrQueue\].*Redis at/.test(line));

/** What a web process must answer while Redis does not. */
async function expectUnavailable(web: RunningApp, codes: RegExp): Promise<void> {
  const answers = await Promise.all([sendInvoice(web.url), request(`${web.url}/jobs/${INVOICE}`)]);
  for (const { status, body, took } of answers) {
    expect(status).toBe(503);
    expect(body['code']).toMatch(codes);
    expect(JSON.stringify(body)).not.toContain('127.0.0.1');
    expect(took).toBeLessThan(FAST);
  }
  expect((await request(`${web.url}/health/live`)).status).toBe(200);
  const readiness = await request(`${web.url}/health/ready`);
  expect(readiness.status).toBe(503);
  expect(readiness.took).toBeLessThan(FAST);
}

describe('a web process', () => {
  it('answers 503 at once while Redis is dead, and heals', async () => {
    const redis = await startRedis();
    const web = await startWeb(redis.url);
    await ready(web);
    await redis.kill();
    await expectUnavailable(web, /^(QUEUE_UNAVAILABLE|OUTCOME_UNKNOWN)$/);
    const times: number[] = [];
    for (let call = 0; call < 9; call++) {
      const known = await sendInvoice(web.url);
      expect(known).toMatchObject({ status: 503, body: { code: 'QUEUE_UNAVAILABLE' } });
      times.push(known.took);
    }
    // Where one call may meet a busy machine, half of nine do not.
    expect(times.toSorted((one, other) => one - other)[4]).toBeLessThan(AT_ONCE);

    await redis.restart();
    await ready(web);
    expect((await sendInvoice(web.url)).status).toBe(202);
  });

  it('answers 503 at once when Redis was dead from the start', async () => {
    const port = await freePort();
    const web = await startWeb(`redis://127.0.0.1:${port}`);
    await web.process.waitForHttp(`${web.url}/health/live`);
    await expectUnavailable(web, /^QUEUE_UNAVAILABLE$/);
    await startRedis({ port });
    await ready(web);
    expect((await sendInvoice(web.url)).status).toBe(202);
  });

  it('answers 503 with the id of the job while Redis is frozen; trying again with it makes one job', async () => {
    const redis = await startRedis();
    const web = await startWeb(redis.url);
    await ready(web);
    redis.freeze();
    const unsure = await sendInvoice(web.url);
    expect(unsure).toMatchObject({ status: 503, body: { code: 'OUTCOME_UNKNOWN' } });
    expect(unsure.took).toBeLessThan(FAST);
    await expectUnavailable(web, /^(QUEUE_UNAVAILABLE|OUTCOME_UNKNOWN)$/);
    redis.thaw();
    await ready(web);

    const { jobId } = unsure.body;
    const again = await sendInvoice(web.url, { key: String(jobId) });
    expect(again).toMatchObject({ status: 202, body: { jobId } });
    const worker = await startWorker(redis.url);
    await eventually(async () => {
      const { body } = await request(`${web.url}/jobs/${String(jobId)}`);
      expect(body['state']).toBe('completed');
    });
    const mails = worker.process.output.match(new RegExp(`Mail to .*${String(jobId)}`, 'g'));
    expect(mails).toHaveLength(1);
  });
});

describe('a worker process', () => {
  it('boots while Redis is down, says so quietly, and starts by itself', async () => {
    const port = await freePort();
    const worker = await startWorker(`redis://127.0.0.1:${port}`);
    const begin = Date.now();
    await worker.process.waitForHttp(`${worker.url}/health/live`);
    await eventually(async () => {
      expect((await request(`${worker.url}/health/startup`)).status).toBe(200);
      expect((await request(`${worker.url}/health/ready`)).status).toBe(503);
      expect(Date.now() - begin).toBeGreaterThan(3_000);
    });
    expect(linesAboutRedis(worker).length).toBeGreaterThan(0);
    expect(linesAboutRedis(worker).length).toBeLessThanOrEqual(2);
    expect(worker.process.output).not.toContain('Worker ready');

    await startRedis({ port });
    await ready(worker);
    await worker.process.waitForOutput(/Worker ready/);
    const web = await startWeb(`redis://127.0.0.1:${port}`);
    await ready(web);
    await sendInvoice(web.url);
    await worker.process.waitForOutput(/Mail to/);
  });

  it.each(['dead', 'frozen'])('goes on where it was after Redis was %s', async (fault) => {
    const redis = await startRedis();
    const [web, worker] = await Promise.all([startWeb(redis.url), startWorker(redis.url)]);
    await Promise.all([ready(web), ready(worker)]);
    await (fault === 'dead' ? redis.kill() : redis.freeze());
    const notReady = await worker.process.waitForHttp(`${worker.url}/health/ready`, 503);
    expect(notReady.status).toBe(503);
    expect((await request(`${worker.url}/health/live`)).status).toBe(200);

    await (fault === 'dead' ? redis.restart() : redis.thaw());
    await Promise.all([ready(web), ready(worker)]);
    expect((await sendInvoice(web.url)).status).toBe(202);
    await worker.process.waitForOutput(/Mail to/);
  });
});
