import { Injectable, Logger, type Type } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { Browser, Locator, Page } from 'playwright-core';
import {
  DeadLetterService,
  defineJob,
  JobsService,
  type PendingFilter,
  ProcessJob,
  QueuesService,
  Scheduled,
  SchedulesService,
} from 'scalr-queue';
import { onTestFinished } from 'vitest';
import { openChromium } from '../../scripts/pictures/chromium.mjs';
import { type AtEnd, startProducer, startWorker } from '../support/apps.js';
import { ADMIN, startConsole } from '../support/console.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis.js';
import { documentedConsole } from '../support/redis-users.js';
import { Held } from './support/held.js';
import { startWorker as startProcess } from './support/start.js';

/**
 * What an operator has to find and mend with nothing but the console, and how many clicks it may take. The apps and their workers
 * share one Redis; the console looks as the user that may write nothing.
 */

/** The budget is ten seconds; a busy machine gets more. */
const SOON = { timeout: 30_000 };
const LONG = { timeout: 60_000 };

const Charge = defineJob<{ n: number }>('card.charge', { queue: 'cards', retry: false });
const Send = defineJob('mail.send', { queue: 'mail' });
const Invoice = defineJob('invoice.send', { queue: 'mail' });
const Report = defineJob('report.nightly', { queue: 'reports' });
const Import = defineJob<{ tenant: string }>('row.import', {
  queue: 'imports',
  tags: ({ tenant }) => [`tenant:${tenant}`],
});
const Thumbnail = defineJob('thumbnail.make', { queue: 'imports' });

const ends: (() => Promise<unknown>)[] = [];
const atEnd: AtEnd = (work) => void ends.unshift(work);
let browser: Browser;
let redis: RedisServer;
/** Begun first: that a worker is gone shows when its sign of life has expired, twenty seconds after it was killed. */
let poison: ReturnType<typeof poisoned>;

beforeAll(async () => {
  Logger.overrideLogger(false);
  browser = await openChromium();
  const user = documentedConsole('line').replace('#<SHA-256 of the password>', '>looks-only');
  redis = await RedisServer.start({ acl: ['user default on nopass ~* &* +@all', user] });
  atEnd(() => redis.stop());
  atEnd(() => browser.close());
  poison = poisoned();
  // Whoever waits for it is told.
  poison.catch(() => undefined);
});
afterAll(async () => {
  for (const end of ends) await end();
});

const producerOf = (app: string) => startProducer({ app, redis: redis.url }, { atEnd });
const workerOf = (app: string, ...providers: Type[]) =>
  startWorker(
    {
      app,
      redis: redis.url,
      providers,
      queues: { cards: { concurrency: 100 }, imports: { concurrency: 1 } },
    },
    {},
    atEnd,
  );

/** A worker that was killed while it ran a job. */
async function poisoned() {
  const { queue, get } = await producerOf('e2e');
  const { process } = await startProcess(redis.url, {}, 'test/e2e/apps/held.worker.mjs', atEnd);
  const { id } = await queue.enqueue(Held, { gate: '/nowhere/to/be/seen' });
  const queues = get(QueuesService);
  await eventually(async () => expect(await queues.workers()).toMatchObject([{ runningJobs: [{ id }] }]), LONG); // prettier-ignore
  const [worker] = await queues.workers();
  process.signal('SIGKILL');
  return { id, worker: worker! };
}

/** A page in front of the console of some apps, and a hand that counts its clicks. */
async function sit(...scope: string[]) {
  const looking = redis.url.replace('redis://', 'redis://console:looks-only@');
  const { url } = await startConsole({
    redis: looking,
    writeRedis: redis.url,
    ...(scope.length > 0 ? { scope } : {}),
  });
  const context = await browser.newContext({
    httpCredentials: { username: ADMIN.user, password: ADMIN.password },
  });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  await page.goto(url);
  let clicks = 0;
  const click = async (what: Locator) => {
    clicks++;
    await what.click(SOON);
  };
  return { page, click, clicks: () => clicks };
}

const firstLine = (page: Page) =>
  page
    .locator('.problems li')
    .first()
    .textContent(SOON)
    .catch(() => '');

/** The provider of cards, which is down, and the bug of ours that it hides. */
const provider = { isDown: true };
const ERRORS = { refused: 2_640, unavailable: 1_320, bug: 40 };

@Injectable()
class Cards {
  @ProcessJob(Charge)
  charge({ n }: { n: number }) {
    if (n < ERRORS.bug) throw new TypeError("Cannot read properties of undefined (reading 'currency')");
    if (!provider.isDown) return;
    const call = `charging card ${randomUUID()}, request ${n}`;
    if (n < ERRORS.bug + ERRORS.refused)
      throw Object.assign(new Error(`connect ECONNREFUSED 10.0.${n % 250}.7:443 while ${call}`), {
        code: 'ECONNREFUSED',
      });
    throw new Error(`the provider answered 503 while ${call}`);
  }
}

it('(a) a provider was down: what died of that is retried in five clicks, and a bug of ours stays dead', async () => {
  const { queue, get } = await producerOf('billing');
  await workerOf('billing', Cards);
  const all = Array.from({ length: 4_000 }, (_, n) => ({ n }));
  await queue.enqueueMany(Charge, all);
  const dead = get(DeadLetterService);
  await eventually(async () => expect(await dead.count()).toBe(4_000), LONG);
  const bugs = async () => (await dead.list({ error: 'TypeError' }, { limit: 100 })).jobs;
  const before = await bugs();
  expect(before).toHaveLength(40);
  provider.isDown = false;

  const { page, click, clicks } = await sit('billing');
  await click(page.getByRole('link', { name: 'Dead', exact: true }));
  for (const [error, jobs] of [
    [/ECONNREFUSED/, '2,640'],
    [/503/, '1,320'],
  ] as const) {
    // prettier-ignore
    await click(page.getByRole('row', { name: error }).getByRole('button', { name: 'Retry…' }));
    const dialog = page.getByRole('dialog');
    await click(dialog.getByRole('button', { name: `Retry ${jobs}` }));
    await expect
      .poll(() => dialog.getByRole('status').innerText(), SOON)
      .toMatch(new RegExp(`^${jobs} of ${jobs} retried`));
    await page.keyboard.press('Escape');
  }
  expect(clicks()).toBeLessThanOrEqual(5);
  await eventually(async () => expect(await dead.count()).toBe(40), LONG);
  expect(await bugs()).toEqual(before);
});

/** The slow worker is busy with its first job until this is called. */
let speedUp: () => void;
const slow = new Promise<void>((resolve) => (speedUp = resolve));

@Injectable()
class SlowImports {
  @ProcessJob(Import)
  async import() {
    await slow;
  }
}

it('(b) a tenant floods: named within two clicks, cancelled within four, and the others keep their jobs', async () => {
  const { queue, get } = await producerOf('imports');
  await workerOf('imports', SlowImports);
  onTestFinished(() => speedUp());
  const [jobs, queues] = [get(JobsService), get(QueuesService)];
  await queue.enqueue(Import, { tenant: 'busy' });
  await eventually(async () => expect(await queues.workers()).toMatchObject([{ running: 1 }]), LONG);
  const others = Array.from({ length: 600 }, (_, n) => ({ tenant: `t${n % 3}` }));
  const flood = Array.from({ length: 5_000 }, () => ({ tenant: 'acme' }));
  await queue.enqueueMany(Import, [...others.slice(300), ...flood, ...others.slice(0, 300)]);
  await queue.enqueueMany(Thumbnail, Array(200).fill(undefined));
  await queue.enqueue(Import, { tenant: 'acme' }, { delay: '1h' });
  const count = async (which: PendingFilter) =>
    (await jobs.cancelMany({ queue: 'imports', ...which }, { dryRun: true })).matched;

  const { page, click, clicks } = await sit('imports');
  const cancel = async (row: RegExp, jobsOfIt: string) => {
    await click(page.getByRole('row', { name: row }).getByRole('button', { name: /^Cancel ~?[\d,]+ waiting jobs of this/ })); // prettier-ignore
    const dialog = page.getByRole('dialog');
    await click(dialog.getByRole('button', { name: `Cancel ${jobsOfIt}` }));
    await expect
      .poll(() => dialog.getByRole('status').innerText(), SOON)
      .toMatch(`${jobsOfIt} of ${jobsOfIt} cancelled, done`);
    await page.keyboard.press('Escape');
  };
  await click(page.getByRole('link', { name: 'Queues', exact: true }));
  await click(page.getByRole('link', { name: 'imports', exact: true }));
  const first = page.getByRole('table', { name: 'Waiting jobs by tag' }).locator('tbody tr').first();
  await expect.poll(() => first.innerText().catch(() => ''), SOON).toContain('tenant:acme');
  expect(clicks()).toBeLessThanOrEqual(2);
  await cancel(/tenant:acme/, '5,000');
  expect(clicks()).toBeLessThanOrEqual(4);
  expect([
    await count({ tag: 'tenant:acme', state: 'waiting' }),
    await count({ tag: 'tenant:acme', state: 'delayed' }),
    await count({ state: 'waiting' }),
  ]).toEqual([0, 1, 800]);

  await click(page.getByRole('link', { name: 'kind', exact: true }));
  await cancel(/thumbnail\.make/, '200');
  expect([await count({ definition: Thumbnail }), await count({ state: 'waiting' })]).toEqual([0, 600]);
});

@Injectable()
class Mails {
  @ProcessJob(Send)
  send() {}
}

@Injectable()
class MailsAndInvoices extends Mails {
  @ProcessJob(Invoice)
  invoice() {}
}

it('(d) a deploy forgot a handler: it is on the first line, without a click', async () => {
  const { queue, get } = await producerOf('mail');
  const old = await workerOf('mail', MailsAndInvoices);
  const queues = get(QueuesService);
  await queue.enqueue(Invoice, undefined);
  await eventually(async () => expect(await queues.workers()).toMatchObject([{ jobs: expect.arrayContaining(['invoice.send']) }])); // prettier-ignore
  await old.close();
  await workerOf('mail', Mails);
  await queue.enqueueMany(Invoice, Array(300).fill(undefined));
  const { page, clicks } = await sit('mail');
  await expect
    .poll(() => firstLine(page), SOON)
    .toMatch(/mail No live worker handles invoice\.send;.* had its handler last.* Deploy a worker/);
  expect(clicks()).toBe(0);
});

@Injectable()
class Reports {
  @ProcessJob(Report)
  @Scheduled({ name: 'nightly', every: '1s' })
  nightly() {}
}

it('(f) a nightly did not run: it is on the first line, without a click', async () => {
  const { get } = await producerOf('reports');
  const worker = await workerOf('reports', Reports);
  await eventually(async () => {
    expect((await get(SchedulesService).list())[0]?.lastSuccessAt).toBeInstanceOf(Date);
  });
  await worker.close();
  const { page, clicks } = await sit('reports');
  await expect
    .poll(() => firstLine(page), SOON)
    .toMatch(/reports The schedule nightly was due at \S+ and has not run since\. See that a worker runs/);
  expect(clicks()).toBe(0);
});

it('(c) a poison job: the worker that it killed, and the job, are on one page', async () => {
  const { id, worker } = await poison;
  const { page, click, clicks } = await sit('e2e');
  await click(page.getByRole('link', { name: 'Workers', exact: true }));
  const gone = page.getByRole('table', { name: /Died without shutting down/ });
  await expect.poll(() => gone.innerText().catch(() => ''), LONG).toContain(id);
  expect(await gone.innerText()).toContain(String(worker.pid));
  expect(clicks()).toBe(1);
});

it('(e) Redis is nearly full: it is on the first line, without a click', async () => {
  const info = await redis.cli('INFO', 'memory');
  const used = Number(/^used_memory:(\d+)/m.exec(info)?.[1]);
  await redis.cli('CONFIG', 'SET', 'maxmemory', String(Math.round(used * 1.05)));
  const { page, clicks } = await sit();
  await expect
    .poll(() => firstLine(page), SOON)
    .toMatch(
      /danger redis Redis uses \d+ % of its maxmemory; when it is full every enqueue is refused\. Raise maxmemory/,
    );
  expect(clicks()).toBe(0);
});
