import { Injectable, Logger } from '@nestjs/common';
import { defineJob, ProcessJob, ScalrQueueMetrics } from 'scalr-queue';
import { onTestFinished } from 'vitest';
import { startProducer, startWorker } from '../support/apps.js';
import { commandLine } from '../support/command-line.js';
import { eventually } from '../support/eventually.js';
import { startRedisWithUsers } from '../support/redis-users.js';

const Mail = defineJob<{ text: string }>('mail', { queue: 'mail' });
const Pdf = defineJob('pdf', { queue: 'pdf' });
const Fax = defineJob('fax', { queue: 'fax' });

@Injectable()
class Worker {
  @ProcessJob(Mail)
  mail() {}

  @ProcessJob(Fax)
  fax() {}
}

/** Two apps on one Redis: one that works, and one that nobody works for. */
async function scene() {
  const redis = await startRedisWithUsers('orders', 'shop');
  const orders = await startProducer({ app: 'orders', redis: redis.as('orders-enqueue') });
  const worker = await startWorker({ app: 'orders', redis: redis.as('orders'), providers: [Worker] });
  const shop = await startProducer({ app: 'shop', redis: redis.as('shop') });
  await shop.queue.enqueueMany(
    Mail,
    Array.from({ length: 20 }, () => ({ text: 'x'.repeat(10_000) })),
  );
  await shop.queue.enqueue(Pdf, undefined, { delay: '1h' });
  await orders.jobs.waitFor(await orders.queue.enqueue(Mail, { text: 'y' }), { timeout: '20s' });
  return { ...redis, worker, cli: commandLine('nobody', redis.as('operator')) };
}

it('shows the operator all apps of a Redis, and judges them', async () => {
  const { as, cli } = await scene();
  const { apps } = JSON.parse((await cli('apps --json')).out) as { apps: Record<string, number>[] };
  expect(apps).toMatchObject([
    { app: 'orders', waiting: 0, running: 0, workers: 1 },
    { app: 'shop', waiting: 20, delayed: 1, dead: 0, workers: 0, connections: 1 },
  ]);
  // A worker: one connection that fails fast, one that waits, and one for each queue that blocks on it; and the web
  // process with one, and one for the queue whose ends it waits for.
  expect(apps[0]!['connections']).toBe(2 + 2 + 2);
  expect(apps[1]!['bytes']).toBeGreaterThan(20 * 10_000);
  expect(apps[1]!['memoryShare']).toBeGreaterThan(0);
  expect(apps[1]!['oldestPendingAgeMs']).toBeGreaterThan(0);

  const table = await cli('top --all --once');
  expect(table).toMatchObject({ code: 0, err: '' });
  expect(table.out).toMatch(
    /^2 apps · memory .* · connections \d+ of \d+\n\nAPP +QUEUES +WAITING .*\norders .*\nshop +2 +20 /,
  );
  const check = await cli('check --all');
  expect(check).toMatchObject({ code: 1, err: '' });
  expect(check.out).toMatch(/^ok +orders queue mail: 1 live worker/m);
  expect(check.out).toMatch(/^FAIL +shop queue mail: no live worker$/m);
  const doctor = await cli('doctor --all');
  expect(doctor).toMatchObject({ code: 0, err: '' });
  expect(doctor.out).toMatch(/WARNING +shop: No live worker takes jobs from the queue mail, which holds 20/);

  for (const command of ['apps', 'top --all --once', 'check --all', 'doctor --all'])
    expect(await commandLine('orders', as('orders'))(command)).toMatchObject({
      code: 3,
      err: expect.stringMatching(/may not use SCAN.*for the user "operator"/),
    });
});

it('shows metrics of the queues with a backlog first, and adds the others up', async () => {
  const lines: string[] = [];
  const write = (message: unknown) => void lines.push(String(message));
  Logger.overrideLogger({ log: write, warn: write, error: write });
  onTestFinished(() => Logger.overrideLogger(false));
  const Last = defineJob('last', { queue: 'zzz' });
  const names = Array.from({ length: 120 }, (_, n) => [`q${n}`, {}]);
  const { queue, get } = await startProducer(
    { queues: Object.fromEntries(names) as Record<string, object> },
    { quiet: false },
  );
  await queue.enqueue(Last);
  const text = await eventually(async () => {
    const seen = await get(ScalrQueueMetrics).text();
    expect(seen).toMatch(/scalr_queue_jobs\{scope="global",queue="zzz",state="waiting",app="[^"]+"\} 1/);
    return seen;
  });
  expect(text).toMatch(/scalr_queue_queues_without_series\{scope="global",app="[^"]+"\} 21/);
  expect(text).toMatch(/scalr_queue_jobs\{scope="global",queue="~other",state="waiting",app="[^"]+"\} 0/);
  expect(text.match(/^scalr_queue_paused\{/gm)).toHaveLength(100);
  await get(ScalrQueueMetrics).text();
  expect(lines.filter((line) => line.includes('more than 100 queues'))).toHaveLength(1);
});
