// @ts-check
/** `npm run pictures`: docs/images/dashboard.png, of the template as it runs, with jobs of its own. Needs `npm run build`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../process/ports.mjs';
import { supervise } from '../process/supervise.mjs';
import { provideRedis } from '../redis/provide.mjs';
import { root } from '../workspace/root.mjs';
import { openChromium } from './chromium.mjs';

const target = process.argv[2] ?? join(root, 'docs/images/dashboard.png');
const dir = await mkdtemp(join(tmpdir(), 'scalr-pictures-'));
/** @type {(() => unknown)[]} */
const stops = [() => rm(dir, { recursive: true, force: true })];
try {
  const redis = await provideRedis({ dir, log: () => undefined });
  stops.unshift(() => redis.stop());
  const env = {
    SCALR_REDIS_URL: redis.url,
    SCALR_APP: 'billing',
    SMTP_URL: undefined,
    PORT: String(await freePort()),
    SCALR_WORKER_PORT: String(await freePort()),
    SCALR_DASHBOARD_USER: 'ada',
    SCALR_DASHBOARD_PASSWORD: 'of-the-pictures',
    SCALR_DASHBOARD_WRITES: 'true',
  };
  for (const script of ['dist/main.js', 'dist/main.worker.js']) {
    const child = await supervise({
      command: process.execPath,
      args: [join(root, script)],
      cwd: root,
      env: { ...process.env, ...env },
      graceMs: 1_000,
    });
    for (const stream of [child.stdout, child.stderr]) stream?.resume();
    stops.unshift(() => child.stop(5_000));
  }
  const web = `http://127.0.0.1:${env.PORT}`;
  await answers(`${web}/health/ready`);
  await answers(`http://127.0.0.1:${env.SCALR_WORKER_PORT}/health/ready`);
  const dead = await enqueueSome(web);
  await picture(web, dead);
} finally {
  for (const stop of stops) await stop();
}

/** Mails, reports and webhooks, some of which fail. @param {string} web @returns {Promise<string>} the id of a dead job */
async function enqueueSome(web) {
  const receiver = createServer((request, response) => {
    request.resume();
    const status = { '/gone': 410, '/broken': 500 }[request.url ?? ''] ?? 200;
    response.writeHead(status).end();
  });
  await new Promise((resolve) => receiver.listen(0, '127.0.0.1', () => resolve(undefined)));
  stops.unshift(
    () => receiver.closeAllConnections(),
    () => receiver.close(),
  );
  const address = /** @type {import('node:net').AddressInfo} */ (receiver.address());
  const hooks = `http://127.0.0.1:${address.port}`;
  for (let n = 0; n < 24; n += 1) {
    const id = `018f4e3a-5b7c-7d2e-9f10-1a2b3c4d5e${String(10 + n)}`;
    await post(`${web}/invoices/${id}/send`, { email: `customer${n}@example.com` });
    await post(`${web}/webhooks`, webhook(`${hooks}${n % 6 === 5 ? '/broken' : ''}`, n));
  }
  for (let n = 0; n < 3; n += 1) await post(`${web}/reports`, { upTo: 2_000_000 });
  let jobId = '';
  for (let n = 0; n < 4; n += 1)
    ({ jobId } = await post(`${web}/webhooks`, webhook(`${hooks}/gone`, 100 + n)));
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await pause(200)) {
    /** @type {any} */
    const job = await (await fetch(`${web}/jobs/${jobId}`)).json();
    if (job.state === 'dead') return jobId;
  }
  throw new Error('no job died within 20 s');
}

/** @param {string} url @param {number} n */
function webhook(url, n) {
  const data = { invoiceId: 2_600 + n, amount: 129.5, currency: 'EUR', apiToken: 'not to be seen' };
  return { url, event: 'invoice.paid', data };
}

/** @param {string} web @param {string} dead */
async function picture(web, dead) {
  const browser = await openChromium();
  stops.unshift(() => browser.close());
  const page = await browser.newPage({
    viewport: { width: 1280, height: 800 },
    deviceScaleFactor: 2,
    colorScheme: 'light',
    httpCredentials: { username: 'ada', password: 'of-the-pictures' },
  });
  // Where the stacks lead to differs from machine to machine; in the image of the app it is /app.
  await page.route('**/api/**', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: (await response.text()).replaceAll(root, '/app') });
  });
  await page.goto(`${web}/queues/queue/webhooks?status=failed`);
  await page.getByText(dead).first().waitFor();
  await page.waitForLoadState('networkidle');
  await page.screenshot({ path: target });
}

/** @param {string} url @param {unknown} body @returns {Promise<any>} */
async function post(url, body) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

/** @param {string} url */
async function answers(url) {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await pause(100)) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return;
  }
  throw new Error(`${url} did not answer within 30 s`);
}
