import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import { openChromium } from '../../scripts/pictures/chromium.mjs';
import { jobIn, postJson, shareTemplate } from './support/template.js';
import { startReceiver } from './support/webhook-receiver.js';

const USER = { username: 'ada', password: 'a-password-of-the-tests' };
const HOSTILE = `"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'`;

const template = shareTemplate({
  SCALR_DASHBOARD_USER: USER.username,
  SCALR_DASHBOARD_PASSWORD: USER.password,
  SCALR_DASHBOARD_WRITES: 'true',
});
let browser: Awaited<ReturnType<typeof openChromium>>;
beforeAll(async () => {
  browser = await openChromium();
});
afterAll(() => browser.close());

/** The template with the dashboard, and a page in front of it that notes all that should not be. */
async function openDashboard() {
  const running = await template();
  const context = await browser.newContext({ httpCredentials: USER });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const trouble: string[] = [];
  page.on('dialog', (dialog) => {
    trouble.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== running.web.url) trouble.push(`request: ${request.url()}`);
  });
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) trouble.push(message.text());
  });
  page.on('pageerror', (error) => trouble.push(String(error)));
  return { ...running, page, trouble };
}

it('lets an operator log in, see a dead job with its error, retry it, and see it completed', async () => {
  const { web, page, trouble } = await openDashboard();
  const receiver = await startReceiver({ status: 410 }, { status: 200 });
  const data = { note: HOSTILE, apiToken: 'hunter2' };
  const sent = await postJson(`${web.url}/webhooks`, { url: receiver.url, event: HOSTILE, data });
  await jobIn(web.url, sent.body['jobId'], 'dead');

  await page.goto(`${web.url}/queues`);
  await page.getByText('webhooks').first().click();
  await page.goto(`${web.url}/queues/queue/webhooks?status=failed`);
  await page.getByText('the receiver answered 410').first().waitFor();
  await page.goto(`${web.url}/queues/queue/webhooks/webhook.deliver~${String(sent.body['jobId'])}`);
  await page.getByText('the receiver answered 410').first().waitFor();

  // Its buttons have pictures only; the first one retries.
  const card = page.getByText(String(sent.body['jobId'])).last().locator('xpath=ancestor::*[.//button][1]');
  await card.getByRole('button').first().click();
  await page.getByRole('button', { name: 'Confirm' }).click();
  expect(await jobIn(web.url, sent.body['jobId'], 'completed')).toMatchObject({ attempt: 1 });
  await page.goto(`${web.url}/queues/queue/webhooks?status=completed`);
  await page.getByText('webhook.deliver').first().waitFor();
  expect(receiver.deliveries).toHaveLength(2);
  expect(await page.content()).not.toContain('hunter2');
  expect(trouble).toEqual([]);
  await web.process.waitForOutput(
    /ada: PUT \/api\/queues\/webhooks\/webhook\.deliver~[0-9a-f-]+\/retry: 204/,
  );
});

it('shows hostile names, payloads, errors and stacks as text', async () => {
  const { web, redis, page, trouble } = await openDashboard();
  const receiver = await startReceiver({ status: 410 });
  const sent = await postJson(`${web.url}/webhooks`, {
    url: receiver.url,
    event: 'x',
    data: { [HOSTILE]: HOSTILE },
  });
  await jobIn(web.url, sent.body['jobId'], 'dead');
  const id = `webhook.deliver~${String(sent.body['jobId'])}`;
  const direct = new Redis(redis.url);
  onTestFinished(() => direct.disconnect());
  const key = `scalr:{template}:webhooks:${id}`;
  const stack = JSON.stringify([`2026-01-01T00:00:00Z attempt 1\n${HOSTILE}`]);
  await direct.hset(key, { name: HOSTILE, failedReason: `attempts Error: ${HOSTILE}`, stacktrace: stack });
  await direct.rpush(`${key}:logs`, HOSTILE);

  await page.goto(`${web.url}/queues/queue/webhooks?status=failed`);
  await page.getByText('window.hacked=1').first().waitFor();
  await page.goto(`${web.url}/queues/queue/webhooks/${encodeURIComponent(id)}`);
  await page.getByText('window.hacked=1').first().waitFor();
  for (const name of ['Data', 'Error', 'Logs']) {
    await page.getByRole('tab', { name, exact: true }).click();
    await page.getByRole('tabpanel', { name }).getByText('window.hacked=1').first().waitFor();
  }
  expect(await page.evaluate('window.hacked')).toBeUndefined();
  expect(await page.locator('img[src="x"]').count()).toBe(0);
  expect(trouble).toEqual([]);
});
