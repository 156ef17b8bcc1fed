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

/** An app with a dead job, one that runs, and one that no worker takes. */
async function scene() {
  const app = uniqueApp();
  const worker = await startWorker(sharedRedisUrl(), { SCALR_APP: app }, 'test/e2e/apps/cli.worker.mjs');
  const { queue, jobs } = await startProducer({ app });
  await queue.enqueue(Send, { to: 'ada', apiKey: 'k-123' }, { id: 'd1' });
  await queue.enqueue(Hold, undefined, { id: 'h1' });
  await queue.enqueue(Render, { page: 1 }, { id: 'p1' });
  await ready(worker);
  await eventually(
    async () => (await jobs.get('d1'))?.state === 'dead' && (await jobs.get('h1'))?.state === 'running',
  );
  return { jobs, cli: (args: string) => runSeparately(args, { SCALR_APP: app }), pid: worker.process.pid };
}

it('shows, checks and handles an app whose worker is another process', async () => {
  const { cli, jobs, pid } = await scene();
  const [queues, job, refused] = await Promise.all([
    cli('queues'),
    cli('job d1 --payload'),
    cli('pause pdf'),
  ]);
  expect(queues).toMatchObject({ code: 0, err: '' });
  expect(queues.out).toMatch(/^QUEUE +WAITING .*\nmail +0 +0 +0 +1 .*\npdf +1 +0 +0 +0 .* 0 +open\n/);
  expect(job.out).toContain('"apiKey": "[redacted]"');
  expect(job.out).toMatch(/sending to ada\\x1b\[2J/);
  expect(job.out).not.toMatch(/\p{Cc}(?<!\n)|hunter2|k-123/u);
  expect(refused).toMatchObject({ code: 2, out: '', err: expect.stringContaining('Pass --yes') });

  // A sign of life is some seconds old.
  await eventually(
    async () =>
      expect(JSON.parse((await cli('workers --json')).out)).toMatchObject([
        { pid, running: 1, runningJobs: [{ id: 'h1' }] },
      ]),
    { timeout: 30_000 },
  );

  // On a machine that is very busy the deadline of the check can pass before Redis has answered.
  await eventually(
    async () => {
      const all = await cli('check');
      expect(all).toMatchObject({ code: 1, out: expect.stringContaining('FAIL  queue pdf: no live worker') });
      const some = await cli('check --json --queue mail slow');
      expect(some.code).toBe(0);
      expect(JSON.parse(some.out)).toMatchObject({ ok: true, checks: [{ name: 'redis' }, {}, {}] });
    },
    { timeout: 90_000 },
  );

  expect((await cli('cancel h1 --yes')).out).toBe('it runs, and was asked to stop\n');
  await eventually(async () => (await jobs.get('h1'))?.reason === 'cancelled');
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
  for (const { took } of [down, hung]) expect(took).toBeLessThan(20_000);
  expect(queues.code).toBe(3);
});

describe.runIf(spawnSync('script', ['--version']).status === 0)('on a terminal (needs script)', () => {
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

it('does not load the engine for a check, which runs every few seconds in every container', () => {
  const script = `
    import { createRequire } from 'node:module';
    await import('./libs/scalr-queue/dist/engine/redis/survey/lean-queues.js');
    const files = Object.keys(createRequire(import.meta.url).cache);
    console.log(JSON.stringify(['ioredis', 'bullmq'].map((name) => files.some((file) => file.includes('node_modules/' + name + '/')))));`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect(JSON.parse(stdout)).toEqual([true, false]);
});
