import { Injectable, Logger } from '@nestjs/common';
import type axe from 'axe-core';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { defineJob, Discard, JobContext, ProcessJob, Scheduled, QueuesService } from 'scalr-queue';
import { openChromium } from '../../scripts/pictures/chromium.mjs';
import { startProducer, startWorker } from '../support/apps.js';
import { ADMIN, startConsole } from '../support/console.js';
import { eventually } from '../support/eventually.js';
import { startRedisWithUsers } from '../support/redis-users.js';

/** With SCALR_CONSOLE_PICTURES=1 the pictures of docs/console.md are made of what is shown here. */
const PICTURES = process.env['SCALR_CONSOLE_PICTURES'] === '1';
/** Markup, marks for writing from right to left, half a character, and more than fits anywhere. */
const HOSTILE = PICTURES
  ? 'the receiver answered 410'
  : `"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>\u202e'\ud800${'x'.repeat(16_384)}`;
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const Mail = defineJob<{ note: string }>('mail.send', { queue: 'mail' });
const Invoice = defineJob('invoice.render', { queue: 'pdf' });
const Nightly = defineJob('report.nightly', { queue: 'mail' });

@Injectable()
class Worker {
  @ProcessJob(Mail)
  async mail(_payload: object, ctx: JobContext) {
    await ctx.log(HOSTILE);
    throw new Discard(HOSTILE);
  }

  @ProcessJob(Nightly)
  @Scheduled({ name: 'nightly', cron: '0 3 * * *', tz: 'UTC' })
  nightly() {}
}

let browser: Browser;
beforeAll(async () => {
  browser = await openChromium();
});
afterAll(() => browser.close());

/** Two apps, one with dead jobs, one without a worker, and a console that may change things. */
async function scene() {
  Logger.overrideLogger(false);
  const redis = await startRedisWithUsers('billing', 'shop');
  const billing = await startProducer({ app: 'billing', redis: redis.as('billing-enqueue') });
  await startWorker({ app: 'billing', redis: redis.as('billing'), providers: [Worker] });
  const shop = await startProducer({ app: 'shop', redis: redis.as('shop') });
  await shop.queue.enqueue(Invoice, undefined);
  const { id } = await billing.queue.enqueue(Mail, { note: HOSTILE.replace('\ud800', '') });
  await eventually(async () => expect(await billing.jobs.get(id)).toMatchObject({ state: 'dead' }));
  const operator = redis.as('operator');
  const { url, json } = await startConsole({ redis: operator, writeRedis: operator });
  for (const act of ['pause', 'resume'] as const)
    await shop.get(QueuesService)[act]('pdf', { by: '<img src=x>' });
  // The worker writes what it did every five seconds: from then on there are charts.
  await eventually(
    async () => {
      const { body } = await json('/api/history?range=1h');
      expect((body['series'] as unknown as { dead: (number | null)[] }).dead).toContain(1);
    },
    { timeout: 60_000, interval: 500 },
  );
  return { url, id };
}

/** Every page: its address, and text that is there when it is drawn. */
const pagesOf = (id: string): readonly [name: string, address: string, text: RegExp][] => [
  ['overview', 'overview', /Problems[\s\S]*Wait before the first attempt/],
  ['queues', 'queues', /no worker/],
  ['dead', 'dead', /discarded/],
  ['jobs', 'jobs?app=billing&queue=mail&state=dead', /dead: discarded/],
  ['job', `job?app=billing&name=mail.send&id=${id}`, /Timeline[\s\S]*enqueued[\s\S]*dead: discarded/],
  ['schedules', 'schedules', /nightly/],
  ['queue', 'queue?app=shop&queue=pdf&by=kind', /Who fills it[\s\S]*invoice.render[\s\S]*100 %/],
  ['limits', 'limits', /No lock is held/],
  ['memory', 'memory', /Of what is used/],
  ['memory-of-app', 'memory?app=billing', /What takes it[\s\S]*jobs: mail.send/],
  ['audit', 'audit', /queue.resume/],
  ['workers', 'workers', /Died without shutting down/],
  ['find', `find?id=${id}`, /Found in billing/],
  ['nothing-found', 'find?id=none', /No app has a job with the id none/],
];

const LOOKS = [
  { width: 1280, dark: false },
  { width: 1280, dark: true },
  { width: 390, dark: false },
  { width: 390, dark: true },
];

it('has pages that are whole for every eye and hand, light and dark, on a desk and on a phone', async () => {
  const { url, id } = await scene();
  const faults: unknown[] = [];
  for (const { width, dark } of LOOKS) {
    const look = `${width} ${dark ? 'dark' : 'light'}`;
    const context = await browser.newContext({
      httpCredentials: { username: ADMIN.user, password: ADMIN.password },
      viewport: { width, height: 900 },
      colorScheme: dark ? 'dark' : 'light',
      reducedMotion: 'reduce',
    });
    const page = await context.newPage();
    await page.addInitScript(
      `addEventListener('securitypolicyviolation', ({ violatedDirective }) => console.error('policy: ' + violatedDirective))`,
    );
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push([look, message.text()]);
    });
    page.on('pageerror', (error) => faults.push([look, String(error)]));
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== url) faults.push([look, `request: ${request.url()}`]);
    });
    await page.goto(url);
    await page.getByRole('heading', { name: 'Apps' }).waitFor();
    // By the debugger: the policy of the page lets no such script in. It stays, as all pages are one document.
    await page.evaluate(AXE);
    // Held, so that nothing is drawn again while it is looked over.
    await page.keyboard.press('.');
    for (const [name, address, text] of pagesOf(id)) {
      await page.goto(`${url}/#/${address}`);
      await expect.poll(() => page.locator('main').innerText(), { timeout: 30_000 }).toMatch(text);
      const found = [
        ...(await faultsOf(page)),
        // The order of the Tab key knows no colours.
        ...(dark ? [] : await keyboardOf(page)),
      ];
      faults.push(...found.map((fault) => [look, name, fault]));
      if (PICTURES) await picture(page, name, width, dark);
    }
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    faults.push(...(await axeOf(page)).map((fault) => [look, 'keys', fault]));
    await page.keyboard.press('Escape');
    await page.goto(`${url}/#/dead`);
    await page.getByRole('button', { name: 'Retry…' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Retry 1' }).waitFor();
    faults.push(...(await axeOf(page)).map((fault) => [look, 'retry', fault]));
    await page.keyboard.press('Escape');
    await context.close();
  }
  expect(faults).toEqual([]);
});

async function faultsOf(page: Page): Promise<string[]> {
  const faults = await axeOf(page);
  if (await page.evaluate('document.documentElement.scrollWidth > innerWidth'))
    faults.push('it is wider than the window');
  if (await page.evaluate('window.hacked !== undefined || document.images.length > 0'))
    faults.push('what a job holds became markup');
  return faults;
}

/** The rules of WCAG 2.2 AA and of best practice that are broken, with the elements. */
async function axeOf(page: Page): Promise<string[]> {
  const { violations } = await page.evaluate<axe.AxeResults>(
    `axe.run(document, { preload: false, resultTypes: ['violations'] })`,
  );
  return violations.map(({ id, nodes }) => `axe ${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

/** What cannot be reached by the Tab key, or is not seen to have the focus. */
async function keyboardOf(page: Page): Promise<string[]> {
  const wanted = await page.evaluate<number>(
    `(document.activeElement?.blur(), getSelection().removeAllRanges(),
      window.wanted = [...document.querySelectorAll('a[href], button, input, select, summary')]
        .filter((one) => !one.disabled && one.checkVisibility() && !one.closest('dialog')), window.wanted.length)`,
  );
  const unseen: string[] = [];
  for (let at = 0; at < wanted + 5; at++) {
    await page.keyboard.press('Tab');
    const seen = await page.evaluate<string>(
      `(() => {
        const one = document.activeElement;
        if (!window.wanted.includes(one)) return '';
        window.wanted = window.wanted.filter((other) => other !== one);
        return parseFloat(getComputedStyle(one).outlineWidth) >= 2 ? '' : one.outerHTML.slice(0, 200);
      })()`,
    );
    if (seen) unseen.push(`no focus to be seen: ${seen}`);
  }
  const left = await page.evaluate<string[]>(`window.wanted.map((one) => one.outerHTML.slice(0, 200))`);
  return [...unseen, ...left.map((one) => `not reached by Tab: ${one}`)];
}

const SHOWN = ['overview', 'queues', 'dead', 'jobs', 'job', 'schedules', 'workers'];

async function picture(page: Page, name: string, width: number, dark: boolean): Promise<void> {
  const isMain = width === 1280 && !dark && SHOWN.includes(name);
  const isOther = name === 'overview' && (dark ? width === 1280 : width === 390);
  if (!isMain && !isOther) return;
  const suffix = isMain ? '' : dark ? '-dark' : '-phone';
  await page.evaluate('(document.activeElement?.blur(), scrollTo(0, 0))');
  await page.locator('body').screenshot({ path: `docs/images/console-${name}${suffix}.png` });
}
