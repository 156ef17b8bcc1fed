import { spawnSync } from 'node:child_process';
import { defineJob, QueuesService } from 'scalr-queue';
import { startProducer, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/ports.js';
import { sharedRedisUrl } from '../support/redis.js';
import { runOnTerminal, runSeparately } from './support/command-line.js';
import { ready, startRedis, startWorker } from './support/start.js';

const Send = defineJob<{ to: string; apiKey: string }>('mail.send', { queue: 'mail', retry: false });
const Hold = defineJob('hold', { queue: 'slow' });
const Render = defineJob<{ page: number }>('pdf.render', { queue: 'pdf' });

/** A worker, three dead jobs, one that runs, and some that nobody handles. */
async function scene() {
  const app = uniqueApp();
  const cli = (args: string) => runSeparately(args, { SCALR_APP: app });
  await ready(await startWorker(sharedRedisUrl(), { SCALR_APP: app }, 'test/e2e/apps/cli.worker.mjs'));
  const { queue, jobs } = await startProducer({ app });
  for (const id of ['d0', 'd1', 'd2']) await queue.enqueue(Send, { to: 'ada', apiKey: 'k-123' }, { id });
  await queue.enqueue(Hold, undefined, { id: 'h1' });
  for (const page of [0, 1, 2]) await queue.enqueue(Render, { page }, { id: `p${page}` });
  await queue.enqueue(Render, { page: 9 }, { id: 'later', delay: '10m' });
  await eventually(
    async () => (await jobs.get('d2'))?.state === 'dead' && (await jobs.get('h1'))?.state === 'running',
  );
  return { cli, jobs, json: async (args: string) => JSON.parse((await cli(`${args} --json`)).out) as never };
}

it('shows and handles the queues of an app', async () => {
  const { cli, jobs, json } = await scene();
  const [queues, list, job, explained, dead, schedules, workers, paused] = await Promise.all([
    cli('queues'),
    json('jobs --queue pdf --state waiting --limit 2'),
    cli('job d1 --payload'),
    json('explain p1'),
    cli('dead list --error MAILBOX --limit 1'),
    cli('schedules'),
    json('workers'),
    cli('pause pdf'),
  ]);
  expect(queues).toMatchObject({ code: 0, err: '' });
  expect(queues.out).toMatch(/^QUEUE +WAITING .*\nmail +0 +0 +0 +3 .*\npdf +3 +1 +0 +0 .* 0 +open\n/);
  expect(list).toMatchObject({
    jobs: [{ id: 'p2', state: 'waiting' }, { id: 'p1' }],
    cursor: expect.any(String),
  });
  expect(job.out).toContain('password=[redacted]');
  expect(job.out).toContain('"apiKey": "[redacted]"');
  expect(job.out).toMatch(/sending to ada\\x1b\[2J/);
  expect(job.out + dead.out).not.toMatch(/\p{Cc}(?<!\n)|hunter2|k-123/u);
  expect(explained).toMatchObject({
    reasons: [{ code: 'no-live-worker' }, { code: 'position', position: 2 }],
  });
  expect(dead.out).toContain('d2  mail.send  mail   attempts');
  expect(dead.err).toContain('--cursor');
  expect(schedules.out).toMatch(/nightly +slow +0 3 \* \* \* +Europe\/Madrid +in /);
  expect(workers).toMatchObject([{ queues: ['mail', 'slow'], running: 1, runningJobs: [{ id: 'h1' }] }]);
  expect(paused).toMatchObject({ code: 2, out: '' });
  expect(paused.err).toContain('Say --yes');

  const [dry, none, gone, discarded, cancelled, held, ran] = await Promise.all([
    cli('dead retry --all --dry-run'),
    cli('dead retry'),
    cli('job nobody'),
    json('dead discard d2 --yes'),
    cli('cancel h1 --yes'),
    cli('pause pdf --yes'),
    json('schedules run-now nightly'),
  ]);
  expect(dry).toMatchObject({ code: 0, out: expect.stringMatching(/^[23] would be retried\n$/) });
  expect(none.code).toBe(2);
  expect(gone).toMatchObject({ code: 1, err: 'error: no job with the id nobody is stored\n' });
  expect(discarded).toMatchObject({ matched: 1, discarded: 1, dryRun: false });
  expect(cancelled.out).toBe('it runs, and was told to stop\n');
  expect(held.out).toBe('paused pdf\n');
  await eventually(async () => (await jobs.get('h1'))?.reason === 'cancelled');
  await eventually(async () => (await jobs.get((ran as { id: string }).id))?.state === 'completed');

  expect(await json('explain p0')).toMatchObject({
    reasons: [{ code: 'queue-paused' }, {}, { position: 1 }],
  });
  const [retried, resumed] = await Promise.all([
    cli('dead retry d0'),
    cli('resume pdf'),
    cli('schedules pause nightly --yes'),
  ]);
  expect(retried.out).toBe('1 retried\n');
  expect(resumed.out).toBe('resumed pdf\n');
  expect(await json('schedules')).toMatchObject([{ name: 'nightly', paused: true }]);
});

describe('check', () => {
  it('passes with a live worker per queue, and says which one lacks it', async () => {
    const { cli, json } = await scene();
    // On a machine that is very busy the deadline of the command can pass before Redis has answered.
    await eventually(async () => expect(await cli('check --queue mail slow')).toMatchObject({ code: 0 }), {
      timeout: 30_000,
    });
    await eventually(
      async () => expect((await cli('check')).out).toMatch(/FAIL {2}queue pdf: no live worker/),
      { timeout: 30_000 },
    );
    expect(await json('check --queue nope')).toMatchObject({ ok: false });
  });
});

it('fails in time when Redis is down, and when it hangs', async () => {
  const redis = await startRedis();
  const port = await freePort();
  const nobody = { SCALR_APP: 'a', SCALR_REDIS_URL: `redis://:hunter2@127.0.0.1:${port}` };
  redis.freeze();
  const [down, hung, queues] = await Promise.all([
    runSeparately('check', nobody),
    runSeparately('check --json', { SCALR_APP: 'a', SCALR_REDIS_URL: redis.url }),
    runSeparately('queues', nobody),
  ]).finally(() => redis.thaw());
  expect(down).toMatchObject({ code: 1, out: expect.stringContaining('FAIL  redis') });
  expect(down.out + down.err + queues.err).not.toContain('hunter2');
  expect(hung.code).toBe(1);
  expect(JSON.parse(hung.out)).toMatchObject({ ok: false, checks: [{ name: 'redis', ok: false }] });
  // The promise is 2 s; the rest is for a busy machine.
  for (const { took } of [down, hung]) expect(took).toBeLessThan(6_000);
  expect(queues.code).toBe(3);
});

describe.runIf(spawnSync('script', ['--version']).status === 0)('on a terminal', () => {
  it('asks before it pauses a queue, and does so only after a yes', async () => {
    const app = uniqueApp();
    const { queue, get } = await startProducer({ app });
    await queue.enqueue(Render, { page: 1 });
    const asked = (answer: string) =>
      runOnTerminal('pause pdf', { SCALR_APP: app, SCALR_REDIS_URL: sharedRedisUrl() }, [
        /pause the queue pdf for all workers\? 1 waiting .* \[y\/N\] /,
        answer,
      ]);
    const [no, nothing, interrupted] = await Promise.all(['n\r', '\r', '\u0003'].map(asked));
    for (const { code, text } of [no!, nothing!])
      expect({ code, text }).toMatchObject({ code: 1, text: expect.stringContaining('nothing was done') });
    expect(interrupted).toMatchObject({ code: 130, text: expect.stringContaining('nothing was done') });
    expect(await get(QueuesService).list()).toMatchObject([{ name: 'pdf', paused: false }]);
    const { code, text } = await asked('y\r');
    expect(text).toMatch(/paused pdf\s*$/);
    expect(code).toBe(0);
    expect(await get(QueuesService).list()).toMatchObject([{ name: 'pdf', paused: true }]);
  });
});
