import { Injectable } from '@nestjs/common';
import {
  AuditService,
  DeadLetterService,
  defineJob,
  InvalidOptionError,
  JobsService,
  ProcessJob,
  QueuesService,
  Scheduled,
  SchedulesService,
  UnknownJobError,
} from 'scalr-queue';
import { startBoth, startProducer, uniqueApp } from '../support/apps.js';
import { commandLine } from '../support/command-line.js';
import { seedDead } from '../support/dead-jobs.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';

const Charge = defineJob<{ tenant: string }>('card.charge', { queue: 'cards' });
const Nightly = defineJob('nightly', { queue: 'cards' });

@Injectable()
class Handlers {
  @ProcessJob(Nightly)
  @Scheduled({ cron: '0 3 * * *' })
  nightly() {}
}

async function withDead(count: number) {
  const app = uniqueApp();
  const { queue, get } = await startProducer({ app });
  await queue.enqueue(Charge, { tenant: 'acme' }, { delay: '1h', id: 'c1' });
  await seedDead(sharedRedisUrl(), { app, queue: 'cards', name: 'card.charge', count });
  const audit = get(AuditService);
  return { app, queue, get, audit, cli: commandLine(app, sharedRedisUrl()) };
}

describe('AuditService', () => {
  it('tells who did what to how many jobs, the newest first', async () => {
    const { audit, get } = await withDead(5);
    const [dead, jobs, queues] = [get(DeadLetterService), get(JobsService), get(QueuesService)];
    expect(await audit.list()).toEqual({ entries: [] });
    const before = Date.now();
    await dead.retry({ definition: Charge }, { dryRun: true, limit: 3 });
    await dead.delete({ definition: Charge, before: new Date() }, { by: 'ada', limit: 2 });
    await jobs.cancelMany({ payload: { tenant: 'acme' }, state: 'delayed' }, { by: 'bob', via: 'console' });
    await queues.pause('cards', { by: 'ada' });
    await queues.resume('cards');
    const { entries } = await audit.list();
    expect(entries.map(({ id: _id, at: _at, tookMs: _took, ...rest }) => rest)).toEqual([
      { via: 'code', action: 'queue.resume', what: { queue: 'cards' }, dryRun: false },
      { by: 'ada', via: 'code', action: 'queue.pause', what: { queue: 'cards' }, dryRun: false },
      {
        by: 'bob',
        via: 'console',
        action: 'jobs.cancel',
        what: { payload: 'tenant', state: 'delayed' },
        matched: 1,
        done: 1,
        dryRun: false,
      },
      {
        by: 'ada',
        via: 'code',
        action: 'dead.delete',
        what: { definition: 'card.charge', before: expect.any(String) },
        matched: 2,
        done: 2,
        dryRun: false,
      },
      {
        via: 'code',
        action: 'dead.retry',
        what: { definition: 'card.charge' },
        matched: 3,
        done: 0,
        dryRun: true,
      },
    ]);
    for (const { at, tookMs } of entries) {
      expect(at.getTime()).toBeGreaterThanOrEqual(before);
      expect(tookMs).toBeGreaterThanOrEqual(0);
    }
    expect(JSON.stringify(entries)).not.toContain('acme');
  });

  it('gives pages', async () => {
    const { audit, get } = await withDead(0);
    for (const by of ['a', 'b', 'c']) await get(QueuesService).pause('cards', { by });
    const first = await audit.list({ limit: 2 });
    expect(first.entries.map(({ by }) => by)).toEqual(['c', 'b']);
    const second = await audit.list({ limit: 2, cursor: first.cursor! });
    expect(second.entries.map(({ by }) => by)).toEqual(['a']);
    expect(second).not.toHaveProperty('cursor');
    await expect(audit.list({ cursor: 'x' })).rejects.toThrow(
      'expected cursor to be the cursor of an earlier page',
    );
  });

  it('tells of one cancelled job only where somebody is named', async () => {
    const { audit, queue, get } = await withDead(0);
    await queue.enqueue(Charge, { tenant: 'acme' }, { delay: '1h', id: 'c2' });
    await get(JobsService).cancel('c1');
    expect((await audit.list()).entries).toEqual([]);
    await get(JobsService).cancel('c2', { by: 'ada' });
    const [entry] = (await audit.list()).entries;
    expect(entry).toMatchObject({
      by: 'ada',
      action: 'jobs.cancel',
      what: { id: 'c2' },
      matched: 1,
      done: 1,
    });
  });

  it('tells of schedules, and not of what was refused', async () => {
    const { audit, get } = await startAll();
    const schedules = get(SchedulesService);
    await schedules.pause('nightly', { by: 'ada' });
    await schedules.resume('nightly', { by: 'ada' });
    await schedules.runNow('nightly', { by: 'ada' });
    await expect(schedules.pause('weekly')).rejects.toThrow(UnknownJobError);
    await expect(get(QueuesService).pause('nope', { by: 'ada' })).rejects.toThrow(InvalidOptionError);
    await expect(get(DeadLetterService).retry({}, { by: '' })).rejects.toThrow('expected by to be a string');
    const { entries } = await audit.list();
    expect(entries.map(({ action, what }) => [action, what])).toEqual([
      ['schedule.run-now', { schedule: 'nightly' }],
      ['schedule.resume', { schedule: 'nightly' }],
      ['schedule.pause', { schedule: 'nightly' }],
    ]);
  });
});

describe('scalr-queue audit', () => {
  it('tells what commands did, and who used them', async () => {
    const { cli } = await withDead(4);
    expect((await cli('audit')).out).toBe('nobody has done anything\n');
    await cli('dead retry --definition card.charge --limit 3 --yes --as ada');
    await cli('cancel c1 --yes --as bob');
    await cli('pause cards --yes');
    const { out } = await cli('audit');
    expect(out.split('\n').map((line) => line.split(/ {2,}/).slice(1, 7))).toEqual([
      ['WHO', 'VIA', 'ACTION', 'WHAT', 'MATCHED', 'DONE'],
      ['-', 'cli', 'queue.pause', 'queue=cards', '-', '-'],
      ['bob', 'cli', 'jobs.cancel', 'id=c1', '1', '1'],
      ['ada', 'cli', 'dead.retry', 'definition=card.charge', '3', '3'],
      [],
    ]);
    const page = JSON.parse((await cli('audit --limit 1 --json')).out) as {
      entries: object[];
      cursor: string;
    };
    expect(page.entries).toMatchObject([{ via: 'cli', action: 'queue.pause' }]);
    const next = JSON.parse((await cli(`audit --limit 1 --json --cursor ${page.cursor}`)).out) as typeof page;
    expect(next.entries).toMatchObject([{ by: 'bob' }]);
  });
});

async function startAll() {
  const app = await startBoth({ providers: [Handlers] });
  await eventually(async () => expect(await app.get(SchedulesService).list()).toHaveLength(1));
  return { ...app, audit: app.get(AuditService) };
}
