import { DeadLetterService, SchedulesService } from 'scalr-queue';
import { startProducer } from '../support/apps.js';
import { seedDead } from '../support/dead-jobs.js';
import { eventually } from '../support/eventually.js';
import { jobIn, postJson, startTemplate } from './support/template.js';
import { startReceiver } from './support/webhook-receiver.js';

const STALE = 250;

it('has a nightly cleanup, which removes the webhooks that have been dead for long and no others', async () => {
  const { redis, web, worker } = await startTemplate();
  const { get, jobs } = await startProducer({ redis: redis.url, app: 'template' });
  const [schedules, deadLetters] = [get(SchedulesService), get(DeadLetterService)];
  await eventually(async () => expect(await schedules.list()).toHaveLength(1));
  const [schedule] = await schedules.list();
  expect(schedule).toMatchObject({
    name: 'cleanup',
    cron: '0 3 * * *',
    tz: 'Europe/Madrid',
    paused: false,
  });
  expect(schedule!.nextRunAt.toLocaleTimeString('en-GB', { timeZone: 'Europe/Madrid' })).toBe('03:00:00');

  const receiver = await startReceiver({ status: 410 });
  const { body } = await postJson(`${web.url}/webhooks`, { url: receiver.url, event: 'x', data: null });
  await jobIn(web.url, body['jobId'], 'dead');
  const old = { url: redis.url, app: 'template' };
  await seedDead(old.url, { ...old, queue: 'webhooks', name: 'webhook.deliver', count: STALE });
  // As long dead as stale ones, and not so long that the worker does not keep it any more.
  const diedAt = Date.now() - 10 * 86_400_000;
  await seedDead(old.url, { ...old, queue: 'mail', name: 'invoice.send', count: 1, diedAt });
  expect(await deadLetters.count()).toBe(STALE + 2);

  const { id } = await schedules.runNow('cleanup');
  expect(await jobs.waitFor(id, { timeout: '20s' })).toEqual({ removed: STALE });
  await worker.process.waitForOutput(new RegExp(`Removed ${STALE} dead webhooks`));
  const left = await deadLetters.list();
  expect(left.jobs.map((job) => job.id)).toEqual([body['jobId'], 'seeded-0']);
});
