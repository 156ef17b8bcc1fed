import { Injectable, Logger } from '@nestjs/common';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { defineJob, Discard, ProcessJob, Scheduled } from 'scalr-queue';
import type { ConsoleAccount } from 'scalr-queue/console';
import { onTestFinished } from 'vitest';
import { openChromium } from '../../scripts/pictures/chromium.mjs';
import { startProducer, startWorker } from '../support/apps.js';
import { ADMIN, startConsole, VIEWER } from '../support/console.js';
import { eventually } from '../support/eventually.js';
import { startRedisWithUsers } from '../support/redis-users.js';

const HOSTILE = `"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>\u202e'`;
const PAGE = 'libs/scalr-queue/dist/console/page';

const Mail = defineJob<{ note: string }>('mail', { queue: 'mail' });
const Pdf = defineJob('pdf', { queue: 'pdf' });
const Nightly = defineJob('nightly', { queue: 'mail' });

@Injectable()
class Worker {
  @ProcessJob(Mail)
  mail() {
    throw new Discard(HOSTILE);
  }

  @ProcessJob(Nightly)
  @Scheduled({ name: 'nightly', cron: '0 3 * * *', tz: 'UTC' })
  nightly() {}
}

let browser: Awaited<ReturnType<typeof openChromium>>;
beforeAll(async () => {
  browser = await openChromium();
});
afterAll(() => browser.close());

interface Look {
  readonly as?: ConsoleAccount;
  readonly writes?: boolean;
}

/** Two apps, one with a dead job, one without a worker, and a page that notes all that should not be. */
async function open({ as = VIEWER, writes = false }: Look = {}) {
  Logger.overrideLogger(false);
  const redis = await startRedisWithUsers('orders', 'shop');
  const orders = await startProducer({ app: 'orders', redis: redis.as('orders-enqueue') });
  await startWorker({ app: 'orders', redis: redis.as('orders'), providers: [Worker] });
  const shop = await startProducer({ app: 'shop', redis: redis.as('shop') });
  await shop.queue.enqueue(Pdf, undefined);
  const { id } = await orders.queue.enqueue(Mail, { note: HOSTILE });
  await eventually(async () => expect(await orders.jobs.get(id)).toMatchObject({ state: 'dead' }));
  const operator = redis.as('operator');
  const { url } = await startConsole({ redis: operator, ...(writes ? { writeRedis: operator } : {}) });
  const context = await browser.newContext({
    httpCredentials: { username: as.user, password: as.password },
  });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const trouble: string[] = [];
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== url) trouble.push(`request: ${request.url()}`);
  });
  page.on('console', (message) => {
    if (message.type() === 'error') trouble.push(message.text());
  });
  page.on('pageerror', (error) => trouble.push(String(error)));
  await page.goto(url);
  await page.getByRole('heading', { name: 'Apps' }).waitFor();
  return { ...redis, url, page, trouble, id, shop };
}

/** What the page has asked of this part of the API so far. */
function asked(page: Awaited<ReturnType<typeof open>>['page'], path: string) {
  const seen: string[] = [];
  page.on('request', (request) => {
    if (new URL(request.url()).pathname === path) seen.push(request.url());
  });
  return seen;
}

it('names what is wrong, and how to mend it, on its first page', async () => {
  const { page, trouble } = await open();
  const problems = page.getByRole('listitem');
  await expect
    .poll(() => problems.first().textContent())
    .toMatch(/^warning shop No live worker takes jobs from the queue pdf, which holds 1\. Start a worker/);
  const row = page.getByRole('row', { name: /^orders/ });
  expect(await row.innerText()).toMatch(/^orders\t0\t–\t0\t\d\t1\t1\t/);
  expect(trouble).toEqual([]);
});

it('shows what jobs hold as text, whatever it is, and a payload only to those who may see it', async () => {
  const { page, trouble, id } = await open();
  await page.goto(`${page.url().split('#')[0]}#/dead`);
  await expect
    .poll(() => page.locator('.error').allTextContents())
    .toContainEqual(expect.stringContaining('<img src=x'));
  await page.goto(`${page.url().split('#')[0]}#/job?app=orders&name=mail&id=${id}`);
  await expect.poll(() => page.locator('main').innerText()).toContain('Your account does not see payloads.');
  expect(await page.locator('main').innerText()).toContain(HOSTILE.slice(0, 20));
  // Its mark for writing from right to left must not turn what stands beside it.
  expect(await page.locator('bdi', { hasText: '<img src=x' }).count()).toBe(3);
  expect(await page.evaluate('[window.hacked === undefined, document.images.length]')).toEqual([true, 0]);
  expect(trouble).toEqual([]);
});

it('can be used by keyboard alone', async () => {
  const { page, trouble, id } = await open();
  const title = () => page.locator('h1').innerText();
  await page.keyboard.press('d');
  await expect.poll(title).toBe('Dead jobs');
  await page.getByRole('link', { name: '1', exact: true }).waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: id }).waitFor();
  await page.keyboard.press('/');
  expect(await page.evaluate('document.activeElement.id')).toBe('search');
  await page.keyboard.type(id);
  await page.keyboard.press('Enter');
  await expect.poll(title).toBe('Search');
  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  expect(await page.getByRole('dialog').isVisible()).toBe(false);
  await page.keyboard.press('Tab');
  expect(await page.evaluate('document.activeElement !== document.body')).toBe(true);
  expect(trouble).toEqual([]);
});

it('retries what died of one error within five clicks, and shows no button to who may not', async () => {
  const { page, trouble } = await open({ as: ADMIN, writes: true });
  await page.getByRole('link', { name: 'Dead' }).click();
  await page.getByRole('button', { name: 'Retry…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Retry jobs of orders' });
  await dialog.getByRole('button', { name: 'Retry 1' }).click();
  await expect.poll(() => dialog.getByRole('status').innerText()).toBe('1 of 1 retried, done.');
  await dialog.getByRole('button', { name: 'Close' }).click();
  expect(await dialog.count()).toBe(0);
  await page.keyboard.press('q');
  const row = page.getByRole('row', { name: /^shop pdf/ });
  await row.getByRole('button', { name: 'Pause' }).click();
  await row.getByText('paused').waitFor();
  expect(trouble).toEqual([]);

  const other = await open({ writes: true });
  await other.page.getByRole('link', { name: 'Dead' }).click();
  await other.page.getByRole('cell', { name: 'discarded' }).waitFor();
  expect(await other.page.getByRole('button', { name: '…' }).count()).toBe(0);
});

it('keeps the place of the reader while it is drawn again', async () => {
  const { page, id } = await open();
  await page.goto(`${page.url().split('#')[0]}#/job?app=orders&name=mail&id=${id}`);
  const stack = page.locator('details', { hasText: 'Stack of attempt' }).first();
  await stack.locator('summary').click();
  await page.locator('#search').fill('half an id');
  await stack.locator('summary').focus();
  const looks = new Promise<void>((enough) => {
    let seen = 0;
    page.on('response', (response) => {
      if (response.url().endsWith('/explain') && ++seen === 2) enough();
    });
  });
  await looks;
  expect(
    await page.evaluate(`document.querySelector('details[open]').contains(document.activeElement)`),
  ).toBe(true);
  expect(await page.locator('#search').inputValue()).toBe('half an id');
});

it('is told what is new, asks when nobody tells it, and can be held', async () => {
  const { page, trouble, shop, url } = await open();
  const waiting = (count: number) =>
    page.getByRole('row', { name: new RegExp(`^shop ${count} `) }).waitFor({ timeout: 30_000 });
  const polls = asked(page, '/api/overview');
  await waiting(1);
  await shop.queue.enqueue(Pdf, undefined);
  await waiting(2);
  const ended = page.waitForEvent('requestfailed', (request) => request.url().endsWith('/api/stream'));
  await page.keyboard.press('.');
  await ended;
  await page.getByText('Held.').waitFor();
  await shop.queue.enqueue(Pdf, undefined);
  await page.keyboard.press('.');
  await waiting(3);
  expect(polls.length).toBeLessThan(3);
  expect(trouble).toEqual([]);

  await page.route('**/api/stream', (route) => route.fulfill({ status: 503, body: '' }));
  await page.goto(`${url}/#/overview`);
  await page.reload();
  await waiting(3);
  await shop.queue.enqueue(Pdf, undefined);
  await waiting(4);
});

it('says that Redis is away, and shows the last state greyed', async () => {
  const { page, redis } = await open();
  await redis.stop();
  await expect
    .poll(() => page.getByRole('status').innerText(), { timeout: 30_000 })
    .toMatch(/Redis.*Shown is what was read/);
  expect(await page.locator('main').getAttribute('class')).toBe('stale');
  expect(await page.getByRole('row', { name: /^shop/ }).isVisible()).toBe(true);
});

it('is small, and its files stay in browsers', async () => {
  const zipped = (suffix: string) =>
    readdirSync(PAGE)
      .filter((name) => name.endsWith(suffix))
      .reduce((sum, name) => sum + gzipSync(readFileSync(join(PAGE, name))).length, 0);
  expect(zipped('.js')).toBeGreaterThan(1_000);
  expect(zipped('.js')).toBeLessThan(30 * 1_024);
  expect(zipped('.css')).toBeLessThan(4 * 1_024);
  const { call } = await startConsole({ redis: 'redis://127.0.0.1:1' });
  const html = await (await call('/')).text();
  expect(html).not.toMatch(/<script>|<style|style=|onclick|https?:/);
  const [, script] = /src="\.(\/[^"]+\.js)"/.exec(html) ?? [];
  const file = await call(script!);
  expect([file.status, file.headers.get('cache-control')]).toEqual([
    200,
    'private, max-age=31536000, immutable',
  ]);
  expect((await call(script!, { as: null })).status).toBe(401);
  for (const path of ['/package.json', '/%2e%2e/page.files.js', '/../page.files.js', '/index'])
    expect([path, (await call(path)).status]).toEqual([path, 404]);
});
