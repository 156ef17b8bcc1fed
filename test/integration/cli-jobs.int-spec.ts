import { Injectable } from '@nestjs/common';
import { defineJob, JobContext, ProcessJob } from 'scalr-queue';
import { startBoth, startProducer, uniqueApp } from '../support/apps.js';
import { commandsOf } from '../support/command-line.js';
import { seedDead } from '../support/dead-jobs.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';

const Send = defineJob<{ to: string }, string>('mail.send', {
  queue: 'mail',
  retry: { attempts: 3, delay: '1h' },
});
const Hold = defineJob('hold', { queue: 'slow' });
const Render = defineJob<{ page: number }>('pdf.render', { queue: 'pdf', retry: false });

@Injectable()
class Handlers {
  @ProcessJob(Send)
  async send({ to }: { to: string }, ctx: JobContext) {
    if (to === 'nobody') throw Object.assign(new TypeError('no mailbox'), { code: 'E_BOX' });
    await ctx.progress(50);
    return `sent to ${to}`;
  }

  @ProcessJob(Hold)
  async hold(_payload: void, ctx: JobContext) {
    await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve));
  }
}

it('shows jobs in each of their states, with what matters about their time', async () => {
  const { app, queue, jobs } = await startBoth({ providers: [Handlers] });
  const { cli, lines } = commandsOf(app);
  await queue.enqueue(Render, { page: 1 }, { id: 'p1' });
  await queue.enqueue(Render, { page: 2 }, { id: 'p2', delay: '2h', priority: 7, expiresIn: '3h' });
  await queue.enqueue(Hold, undefined, { id: 'h1' });
  await queue.enqueue(Send, { to: 'ada' }, { id: 'm1' });
  await queue.enqueue(Send, { to: 'nobody' }, { id: 'm2' });
  await seedDead(sharedRedisUrl(), { app, queue: 'pdf', name: 'pdf.render', count: 1 });
  await jobs.waitFor('m1', { timeout: '20s' });
  for (const [id, state] of [
    ['h1', 'running'],
    ['m2', 'delayed'],
  ])
    await eventually(async () => expect(await jobs.get(id!)).toMatchObject({ state, attempt: 1 }));

  expect(await lines('jobs')).toEqual([
    'ID NAME QUEUE STATE ATTEMPT ENQUEUED WHEN ERROR',
    'h1 hold slow running 1/5 T T -',
    'p1 pdf.render pdf waiting 0/1 T - -',
    'm2 mail.send mail delayed 1/3 T T TypeError[E_BOX]: no mailbox',
    'p2 pdf.render pdf delayed 0/1 T T -',
    'seeded-0 pdf.render pdf dead (attempts) 2/2 T T Error: seeded failure 0',
    'm1 mail.send mail completed 1/3 T T -',
  ]);
  expect(await lines('jobs --state delayed --name pdf.render')).toEqual([
    'ID NAME QUEUE STATE ATTEMPT ENQUEUED WHEN ERROR',
    'p2 pdf.render pdf delayed 0/1 T T -',
  ]);
  expect(await lines('jobs --state completed --queue pdf')).toEqual(['no such job']);
  const page = await cli('jobs --limit 1');
  expect(page.out.split('\n')).toHaveLength(3);
  expect(page.err).toMatch(/^more: the same with --cursor \S+\n$/);
  const rest = await cli(`jobs --limit 1 ${page.err.match(/--cursor \S+/)![0]}`);
  expect(rest.out).toMatch(/\np1 /);

  expect(await lines('job p2')).toEqual([
    'id p2',
    'name pdf.render',
    'queue pdf',
    'state delayed',
    'attempt 0 of 1',
    'priority 7',
    'enqueued T (T)',
    'run at T (T)',
    'expires T (T)',
  ]);
  expect(await lines('job m1 --payload')).toEqual([
    'id m1',
    'name mail.send',
    'queue mail',
    'state completed',
    'attempt 1 of 3',
    'progress 50',
    'enqueued T (T)',
    'started T (T)',
    'finished T (T)',
    '',
    'payload',
    ' {',
    ' "to": "ada"',
    ' }',
    '',
    'result',
    ' "sent to ada"',
  ]);
  const failed = await lines('job m2');
  expect(failed.slice(0, 10)).toEqual([
    'id m2',
    'name mail.send',
    'queue mail',
    'state delayed',
    'attempt 1 of 3',
    'error TypeError[E_BOX]: no mailbox',
    'enqueued T (T)',
    'run at T (T)',
    'started T (T)',
    '',
  ]);
  expect(failed.slice(10, 13)).toEqual([
    'attempt 1, T (T)',
    ' TypeError: no mailbox',
    expect.stringMatching(/^ at Handlers\.send /),
  ]);
  expect(await lines('explain m1')).toEqual([
    'job m1',
    'name mail.send',
    'queue mail',
    'state completed',
    expect.stringMatching(/^- it has completed/),
  ]);
  const waiting = await lines('explain p1 --name pdf.render');
  expect(waiting.slice(0, 4)).toEqual(['job p1', 'name pdf.render', 'queue pdf', 'state waiting']);
  expect(waiting[4]).toBe('- no live worker handles pdf.render, nor anything else of the queue pdf');
  expect(waiting[5]).toBe(' Deploy a worker whose module has a @ProcessJob for pdf.render.');
  for (const command of ['job', 'explain', 'cancel --yes'])
    for (const which of ['nobody', 'p1 --name mail.send'])
      expect(await cli(`${command} ${which}`)).toEqual({
        code: 1,
        out: '',
        err: `error: no job with the id ${which.split(' ')[0]} is stored\n`,
      });
});

it('shows tags where a job has some, and chooses by them', async () => {
  const app = uniqueApp();
  const { cli, json, lines } = commandsOf(app);
  const { queue } = await startProducer({ app });
  const Tagged = defineJob<string>('tagged', { tags: (tenant) => [`tenant:${tenant}`, 'x'] });
  for (const tenant of ['acme', 'initech']) await queue.enqueue(Tagged, tenant, { id: tenant });
  expect(await lines('jobs --tag tenant:acme')).toEqual([
    'ID NAME QUEUE STATE ATTEMPT ENQUEUED WHEN TAGS ERROR',
    'acme tagged default waiting 0/5 T - tenant:acme x -',
  ]);
  expect((await lines('job acme'))[3]).toBe('tags tenant:acme x');
  expect(await json('cancel --tag tenant:acme --yes')).toMatchObject({ matched: 1, cancelled: 1 });
  expect((await lines('dead list --tag x'))[1]).toMatch(
    /^acme tagged default cancelled \S+ .*tenant:acme x /,
  );
  expect(await json('dead delete --tag tenant:initech --yes')).toMatchObject({ matched: 0 });
  expect(await json('dead retry --tag tenant:acme --yes')).toMatchObject({ matched: 1, retried: 1 });
  const refused = await cli(['jobs', '--tag', 'a b']);
  expect(refused).toMatchObject({
    code: 2,
    err: expect.stringContaining('expected tag to be a tag') as string,
  });
});

it('prints for machines what it did, and what it would do', async () => {
  const app = uniqueApp();
  const { cli, json } = commandsOf(app);
  const { queue } = await startProducer({ app });
  for (const id of ['p1', 'p2']) await queue.enqueue(Render, { page: 1 }, { id });
  await seedDead(sharedRedisUrl(), { app, queue: 'pdf', name: 'pdf.render', count: 3 });
  expect(await json('pause pdf --dry-run')).toMatchObject({
    name: 'pdf',
    dryRun: true,
    queue: { waiting: 2 },
  });
  expect(await json('cancel p1 --dry-run')).toEqual({ id: 'p1', state: 'waiting', dryRun: true });
  expect(await json('queues')).toMatchObject([{ name: 'pdf', waiting: 2, paused: false }]);
  expect(await json('pause pdf --yes')).toEqual({ name: 'pdf', paused: true });
  expect(await json('queues')).toMatchObject([{ paused: true }]);
  expect(await json('resume pdf')).toEqual({ name: 'pdf', paused: false });
  expect(await json('queues')).toMatchObject([{ paused: false }]);
  expect(await json('cancel p1 --yes')).toEqual({ id: 'p1', outcome: 'cancelled' });

  const page = await cli('dead list --queue pdf --reason attempts --limit 2');
  expect(page.out.replaceAll(/ +/g, ' ').split('\n')).toEqual([
    'ID NAME QUEUE REASON ATTEMPTS DIED ERROR',
    expect.stringMatching(/^seeded-2 pdf\.render pdf attempts 2 \d+d(?: \d+h)? ago Error: seeded failure 2$/),
    expect.stringMatching(/^seeded-1 /),
    '',
  ]);
  expect(page.err).toMatch(/^more: the same with --cursor \S+\n$/);
  const flags = page.err.match(/--cursor \S+/)![0];
  expect((await cli(`dead list --queue pdf --reason attempts ${flags}`)).out).toMatch(/\nseeded-0 .*\n$/);
  for (const [which, count] of [
    ['--all', 4],
    ['seeded-0', 1],
    ['seeded-0 --queue pdf', 1],
    ['--error failure', 3],
    ['--reason cancelled', 1],
    ['--definition pdf.render --limit 2', 2],
    ['--before 2023-12-01', 3],
    ['--after 2023-12-01', 1],
    ['--queue mail', 0],
  ] as const) {
    const none = count === 0 ? {} : { dryRun: true };
    expect([which, await json(`dead delete ${which} --dry-run`)]).toMatchObject([
      which,
      { matched: count, deleted: 0, ...none },
    ]);
    expect((await cli(`dead delete ${which} --dry-run`)).out).toBe(`${count} would be deleted\n`);
  }
  for (const which of ['', ' seeded-0 --all', ' seeded-0 --reason attempts', ' --all --queue pdf'])
    expect(await cli(`dead retry${which}`)).toEqual({
      code: 2,
      out: '',
      err: 'error: name the jobs to retry: an id, flags that select them, or --all\n',
    });
  expect(await cli('dead retry nobody')).toEqual({
    code: 1,
    out: '',
    err: 'error: no dead job has the id nobody\n',
  });
  expect(await json('dead retry seeded-0 --queue pdf')).toEqual({ matched: 1, retried: 1, dryRun: false });
  expect(await json('dead delete --all --yes')).toEqual({ matched: 3, deleted: 3, dryRun: false });
  // Nothing is asked about nothing.
  expect(await cli('dead delete --all')).toEqual({ code: 0, out: '0 deleted\n', err: '' });
});
