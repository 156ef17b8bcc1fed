import { Injectable } from '@nestjs/common';
import { defineJob, JobContext, ProcessJob, Scheduled } from 'scalr-queue';
import { startBoth } from '../support/apps.js';
import { commandLine } from '../support/command-line.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';

const Send = defineJob<{ to: string; apiKey: string }>('mail.send', { queue: 'mail', retry: false });
const Hold = defineJob('hold', { queue: 'slow' });
const Nightly = defineJob('nightly', { queue: 'slow' });
const Sign = defineJob<void, { signed: string; token: string }>('sign', { queue: 'mail' });
const Render = defineJob<{ page: number }>('pdf.render', { queue: 'pdf' });

/** Jobs that fail in ways that terminals do not like, that run until they are cancelled, and that come by the clock. */
@Injectable()
class Processor {
  @ProcessJob(Send)
  async send({ to }: { to: string }, ctx: JobContext) {
    await ctx.log(`sending to ${to}\u001b[2J with api_key=hunter2`);
    await ctx.progress({ step: 'sending', password: 'hunter2' });
    throw new TypeError(`no mailbox \u001b]0;owned\u0007 for ${to}, password=hunter2`);
  }

  @ProcessJob(Sign)
  sign() {
    return { signed: 'by-ada', token: 'hunter2' };
  }

  @ProcessJob(Hold)
  async hold(_payload: void, ctx: JobContext) {
    await new Promise((_resolve, reject) => {
      ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason as Error));
    });
  }

  @ProcessJob(Nightly)
  @Scheduled({ cron: '0 3 * * *', tz: 'Europe/Madrid' })
  nightly() {}
}

/** A worker, three dead jobs, one that runs, and some that nobody handles. */
async function scene() {
  const { app, queue, jobs } = await startBoth({ providers: [Processor] });
  for (const id of ['d0', 'd1', 'd2']) await queue.enqueue(Send, { to: 'ada', apiKey: 'k-123' }, { id });
  await queue.enqueue(Hold, undefined, { id: 'h1' });
  for (const page of [0, 1, 2]) await queue.enqueue(Render, { page }, { id: `p${page}` });
  await queue.enqueue(Render, { page: 9 }, { id: 'later', delay: '10m' });
  await eventually(
    async () => (await jobs.get('d2'))?.state === 'dead' && (await jobs.get('h1'))?.state === 'running',
  );
  const cli = commandLine(app, sharedRedisUrl());
  return {
    queue,
    jobs,
    cli,
    json: async (args: string) => JSON.parse((await cli(`${args} --json`)).out) as never,
  };
}

it('shows the queues, jobs, schedules and workers of an app', async () => {
  const { cli, json } = await scene();
  const queues = await cli('queues');
  expect(queues).toMatchObject({ code: 0, err: '' });
  expect(queues.out).toMatch(/^QUEUE +WAITING .*\nmail +0 +0 +0 +3 .*\npdf +3 +1 +0 +0 .* 0 +open\n/);
  expect(await json('jobs --queue pdf --state waiting --limit 2')).toMatchObject({
    jobs: [{ id: 'p2', state: 'waiting' }, { id: 'p1' }],
    cursor: expect.any(String),
  });
  const job = await cli('job d1 --payload');
  expect(job.out).toContain('password=[redacted]');
  expect(job.out).toContain('"apiKey": "[redacted]"');
  expect(job.out).toMatch(/sending to ada\\x1b\[2J/);
  const dead = await cli('dead list --error MAILBOX --limit 1');
  expect(dead.out).toContain('d2  mail.send  mail   attempts');
  expect(dead.err).toContain('--cursor');
  expect(job.out + dead.out).not.toMatch(/\p{Cc}(?<!\n)|hunter2|k-123/u);
  expect(await json('explain p1')).toMatchObject({
    reasons: [{ code: 'no-handler' }, { code: 'position', position: 2 }],
  });
  expect((await cli('schedules')).out).toMatch(/nightly +slow +0 3 \* \* \* +Europe\/Madrid +in /);
  // A sign of life is some seconds old.
  await eventually(async () =>
    expect(await json('workers')).toMatchObject([
      { queues: ['mail', 'slow'], running: 1, runningJobs: [{ id: 'h1' }] },
    ]),
  );
  expect(await cli('job nobody')).toMatchObject({
    code: 1,
    err: 'error: no job with the id nobody is stored\n',
  });
});

it('handles queues, jobs and schedules, and tells what it would do', async () => {
  const { cli, jobs, json } = await scene();
  const refused = await cli('pause pdf');
  expect(refused).toMatchObject({ code: 2, out: '', err: expect.stringContaining('Pass --yes') });
  expect((await cli('pause pdf --yes')).out).toBe('paused pdf\n');
  expect(await json('explain p0')).toMatchObject({
    reasons: [{ code: 'queue-paused' }, {}, { position: 1 }],
  });
  expect((await cli('resume pdf')).out).toBe('resumed pdf\n');

  for (const command of ['ping --queue nope', 'jobs --queue nope', 'pause nope --yes', 'resume nope'])
    expect(await cli(command)).toMatchObject({ code: 1, out: '', err: expect.stringContaining('nope') });
  expect((await cli('pause pdf --dry-run')).out).toContain('3 waiting and 1 delayed job would stay');
  expect((await cli('dead retry')).code).toBe(2);
  expect((await cli('dead retry --all --dry-run')).out).toBe('3 would be retried\n');
  expect(await json('dead delete d2 --yes')).toMatchObject({ matched: 1, deleted: 1, dryRun: false });
  expect((await cli('dead retry d0')).out).toBe('1 retried\n');

  expect((await cli('cancel h1 --yes')).out).toBe('it runs, and was asked to stop\n');
  await eventually(async () => (await jobs.get('h1'))?.reason === 'cancelled');

  const { id } = await json('schedules run-now nightly');
  await eventually(async () => (await jobs.get(id))?.state === 'completed');
  expect((await cli('schedules pause nightly --yes')).out).toBe('paused nightly\n');
  expect(await json('schedules')).toMatchObject([{ name: 'nightly', paused: true }]);
  expect((await cli('schedules resume nightly')).out).toBe('resumed nightly\n');
});

it('asks before it takes a job away or stops work, and says of how many it speaks', async () => {
  const { cli, jobs, json } = await scene();
  for (const [command, question] of [
    ['dead delete d1', 'delete the dead job d1?'],
    ['dead delete --all', 'delete 3 dead jobs?'],
    ['dead delete --all --limit 2', 'delete 2 dead jobs?'],
    ['dead delete --queue mail --limit 1', 'delete 1 dead job?'],
    ['dead retry --all --limit 2', 'retry 2 dead jobs?'],
    ['dead retry --definition mail.send', 'retry 3 dead jobs?'],
    ['cancel h1', 'cancel the job h1 (hold, running)?'],
    ['cancel p1', 'cancel the job p1 (pdf.render, waiting)?'],
    ['pause pdf', 'pause the queue pdf for all workers? 3 waiting and 1 delayed job would stay'],
    ['schedules pause nightly', 'pause the schedule nightly?'],
  ])
    expect(await cli(command!)).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringMatching(new RegExp(`^error: ${escaped(question!)}.* Pass --yes`)),
    });
  expect(await json('dead list')).toMatchObject({ jobs: [{ id: 'd2' }, { id: 'd1' }, { id: 'd0' }] });
  expect([await jobs.get('h1'), await jobs.get('p1')]).toMatchObject([
    { state: 'running' },
    { state: 'waiting' },
  ]);
  expect(await json('schedules')).toMatchObject([{ paused: false }]);
  expect(await json('queues')).toMatchObject([{ paused: false }, { paused: false }, { paused: false }]);
  // What names no job, or names them twice, is refused before anything is asked.
  for (const command of [
    'dead delete --yes',
    'dead delete d1 --all --yes',
    'dead delete --all --queue mail --yes',
  ])
    expect(await cli(command)).toMatchObject({
      code: 2,
      err: expect.stringContaining('name the jobs to delete'),
    });
  expect(await json('dead delete --all --limit 2 --yes')).toMatchObject({ matched: 2, deleted: 2 });
  expect(await json('dead list')).toMatchObject({ jobs: [{ id: 'd0' }] });
  expect(await cli('dead delete d1 --yes')).toMatchObject({
    code: 1,
    err: 'error: no dead job has the id d1\n',
  });
});

it('says what it has not done, and why, by its exit code too', async () => {
  const { cli, jobs, queue, json } = await scene();
  expect(await cli('cancel d1')).toMatchObject({ code: 1, err: 'error: too late: it has finished\n' });
  expect(await cli('cancel p2 --dry-run')).toMatchObject({
    code: 0,
    out: 'would cancel pdf.render, which is waiting\n',
  });
  expect(await jobs.get('p2')).toMatchObject({ state: 'waiting' });
  expect((await cli('cancel p2 --yes')).out).toBe('cancelled: it will never run\n');
  expect(await cli('cancel nobody --yes')).toMatchObject({ code: 1, err: expect.stringContaining('no job') });

  expect(await cli('check')).toMatchObject({ code: 1, out: expect.stringContaining('FAIL  queue pdf') });
  expect((await cli('check --queue mail')).code).toBe(0);
  expect(await json('ping --queue mail pdf --timeout 10s')).toMatchObject([
    { queue: 'mail', answered: true },
    { queue: 'pdf', answered: false },
  ]);
  expect((await cli('ping --queue mail pdf --timeout 10s')).code).toBe(1);
  expect((await cli('ping --queue mail --timeout 10s')).code).toBe(0);

  // Twelve dead jobs whose unique keys others hold by now.
  const pages = Array.from({ length: 12 }, (_, page) => page);
  for (const again of [false, true])
    for (const page of pages) {
      const { id } = await queue.enqueue(
        Render,
        { page },
        { id: `u${page}${again ? '-again' : ''}`, unique: true },
      );
      if (!again) await jobs.cancel(id);
    }
  const held = await cli('dead retry --definition pdf.render --reason cancelled --yes');
  expect(held).toMatchObject({ code: 0, out: '1 retried\n' });
  expect(held.err.match(/^u\d+ stays dead: job u\d+-again holds its unique key$/gm)).toHaveLength(10);
  expect(held.err).toContain('so do 2 more; --json names them\n');
  expect((await cli('dead retry --definition pdf.render --dry-run')).out).toBe('0 would be retried\n');
  expect((await cli('dead list --definition pdf.render --after 1h --limit 1')).out).toContain('pdf.render');
  expect((await cli('dead list --definition pdf.render --before 1h')).out).toBe('no dead job\n');
});

it('shows what a job was given and has made only when it is asked for, and secrets never', async () => {
  const { cli, json, jobs, queue } = await scene();
  await jobs.waitFor(await queue.enqueue(Sign, undefined, { id: 's1' }), { timeout: '10s' });
  const seen: string[] = [];
  for (const command of [
    'job d1',
    'job s1',
    'dead list',
    'jobs',
    'jobs --queue mail',
    'explain d1',
    'explain s1',
  ])
    for (const way of ['', ' --json']) {
      const { code, out, err } = await cli(command + way);
      expect([command, code, err]).toEqual([command, 0, '']);
      expect([command, /"?payload"?|apiKey|by-ada|"?result"?\b/.exec(out)?.[0]]).toEqual([
        command,
        undefined,
      ]);
      seen.push(out);
    }
  const given = await cli('job d1 --payload');
  expect(given.out).toMatch(/"to": "ada",\n +"apiKey": "\[redacted\]"/);
  const made = await json('job s1 --payload');
  expect(made).toMatchObject({ result: { signed: 'by-ada', token: '[redacted]' } });
  expect(seen[0]).toContain('api_key=[redacted]');
  expect(await json('job d1')).toMatchObject({
    progress: { step: 'sending', password: '[redacted]' },
    logs: [expect.stringContaining('api_key=[redacted]')],
    failures: [{ stack: expect.stringContaining('password=[redacted]') }],
    error: { message: expect.stringContaining('password=[redacted]') },
  });
  expect([...seen, given.out, JSON.stringify(made)].join('\n')).not.toMatch(/hunter2|k-123/);
});

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
