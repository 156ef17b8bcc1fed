import { AuditService, DeadLetterService, defineJob, Discard, type Redrive } from 'scalr-queue';
import { handlerOf } from '../conformance/driver.js';
import { startBoth, startProducer } from '../support/apps.js';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { OPERATOR } from '../support/console.js';
import { basic } from '../support/dashboard.js';
import { commandLine } from '../support/command-line.js';
import { seedDead } from '../support/dead-jobs.js';
import { eventually } from '../support/eventually.js';
import { AppProcess } from '../support/processes.js';
import { RedisServer, sharedRedisUrl } from '../support/redis.js';

const Crack = defineJob<{ text: string }>('crack', { queue: 'second', retry: false });
const LIBRARY = new URL('../../libs/scalr-queue/dist/cli/main.js', import.meta.url).pathname;

/** An app with so many dead jobs, whose handler does this; `runs` counts the runs of each. */
async function scene(count: number, act: (run: number) => unknown = () => undefined, url = sharedRedisUrl()) {
  const runs = new Map<string, number>();
  const handler = handlerOf(Crack, (_payload, { id }) => {
    runs.set(id, (runs.get(id) ?? 0) + 1);
    return act(runs.size);
  });
  const { app, get, queue } = await startBoth({ redis: url, providers: [handler] });
  await queue.enqueue(Crack, { text: 'makes the queue known' }, { delay: '1h' });
  // Older ones would not be kept.
  const firstDeath = Date.now() - 60_000;
  await seedDead(url, { app, queue: 'second', name: 'crack', count, diedAt: firstDeath });
  const dead = get(DeadLetterService);
  const cli = commandLine(app, url);
  const untilRun = (jobsRun: number) =>
    eventually(() => expect(runs.size).toBe(jobsRun), { timeout: 60_000 });
  return { app, get, dead, cli, runs, untilRun, firstDeath };
}

const timesOf = (runs: Map<string, number>) => [...new Set(runs.values())];

it('retries all that match, tells how far it is, and is written down', async () => {
  const { dead, runs, untilRun, get, firstDeath } = await scene(230);
  const told: Redrive[] = [];
  const outcome = await dead.redrive(
    { definition: Crack, before: new Date(firstDeath + 220) },
    { by: 'ada', onProgress: (state) => void told.push(state) },
  );
  expect(outcome).toMatchObject({ state: 'done', matched: 220, retried: 220, kept: 0, by: 'ada' });
  await untilRun(220);
  expect(timesOf(runs)).toEqual([1]);
  expect(told[0]).toMatchObject({ id: outcome.id, state: 'running', retried: 0 });
  expect(told.map(({ retried }) => retried)).toEqual(
    told.map(({ retried }) => retried).toSorted((a, b) => a - b),
  );
  expect(await dead.count()).toBe(10);
  expect(await dead.redrives()).toMatchObject([{ id: outcome.id, state: 'done', first: { jobs: 50 } }]);
  expect((await get(AuditService).list()).entries).toMatchObject([
    {
      action: 'dead.retry',
      by: 'ada',
      matched: 220,
      done: 220,
      what: { redrive: outcome.id, definition: 'crack' },
    },
  ]);
});

it('stops by itself when more than 20 % of the first 50 have died again', async () => {
  const { dead, runs, cli, untilRun } = await scene(200, () => {
    throw new Discard('still broken');
  });
  const stopped = await cli('dead retry --definition crack --yes');
  expect(stopped).toMatchObject({ code: 1, out: '50 retried\n' });
  expect(stopped.err).toMatch(/stopped by itself: too many of the first jobs have died again/);
  const [, id] = /--resume (\w+)/.exec(stopped.err)!;
  const found = await dead.getRedrive(id!);
  expect(found).toMatchObject({ state: 'stopped', why: 'died-again', retried: 50 });
  expect(found!.first.diedAgain).toBeGreaterThan(10);
  expect(await dead.count({ before: found!.before })).toBe(150);
  // The rest, whatever becomes of it; those that have died again are not taken twice.
  expect(await dead.resume(id!, { stopAt: false })).toMatchObject({ state: 'done', retried: 200 });
  await untilRun(200);
  expect(timesOf(runs)).toEqual([1]);
  await expect(dead.resume(id!)).rejects.toThrow(/has ended/);
});

it('goes on when few enough have died again', async () => {
  const { dead, untilRun } = await scene(120, (run) => {
    if (run % 5 === 0) throw new Discard('still broken');
  });
  expect(await dead.redrive({})).toMatchObject({ state: 'done', retried: 120, first: { diedAgain: 10 } });
  await untilRun(120);
});

it('retries the first ones, says how they ended, and does the rest when it is told to', async () => {
  const { cli, dead, runs, untilRun } = await scene(30, (run) => {
    if (run === 3) throw new Discard('still broken');
  });
  const first = await cli('dead retry --all --first 10 --yes');
  expect(first).toMatchObject({ code: 0, out: '10 retried\n' });
  expect(first.err).toMatch(/of the first 10: 9 completed, 1 died again, 0 not ended yet/);
  const [, id] = /--resume (\w+)/.exec(first.err)!;
  const { out } = await cli('dead ops');
  expect(out).toMatch(new RegExp(`${id} +stopped \\(first\\) .* 10 of 30 +1 of 10`));
  const rest = await cli(`dead retry --resume ${id} --json`);
  expect(JSON.parse(rest.out)).toMatchObject({ id, state: 'done', retried: 30 });
  expect(JSON.parse(rest.err.split('\n')[0]!)).toMatchObject({ progress: { id, state: 'running' } });
  await untilRun(30);
  expect(timesOf(runs)).toEqual([1]);
  expect(await dead.count()).toBe(1);
});

it('keeps to the rate, stops when somebody asks, and is run by one process at a time', async () => {
  const { app, dead, cli, untilRun, get } = await scene(60);
  const other = (await startProducer({ app })).get(DeadLetterService);
  let id = '';
  const began = performance.now();
  const running = dead.redrive({}, { rate: 20, onProgress: (state) => void (id = state.id) });
  await eventually(async () => expect((await other.redrives())[0]?.retried).toBeGreaterThanOrEqual(8));
  // Two slices of four jobs, and a fifth of a second after each.
  expect(performance.now() - began).toBeGreaterThan(190);
  await expect(other.resume(id)).rejects.toThrow(/is run by another process/);
  expect((await cli(`dead stop ${id}`)).out).toMatch(/^stopp(ing|ed): \d+ of 60 retried\n$/);
  const { state, why, retried } = await running;
  expect({ state, why }).toEqual({ state: 'stopped', why: 'asked' });
  expect(retried).toBeLessThan(60);
  expect(await other.resume(id, { rate: 10_000 })).toMatchObject({ state: 'done', retried: 60 });
  await untilRun(60);
  const { entries } = await get(AuditService).list();
  expect(entries.map(({ done }) => done)).toEqual([60 - retried, retried]);
});

it('leaves dead what may not be retried, and says so', async () => {
  const Once = defineJob<string>('once', { queue: 'second', retry: false, unique: { key: (key) => key } });
  const { get, queue } = await startBoth({
    providers: [handlerOf(Once, () => Promise.reject(new Error('broken')))],
  });
  const dead = get(DeadLetterService);
  const gone = await queue.enqueue(Once, 'key');
  await eventually(async () => expect(await dead.count()).toBe(1));
  const holder = await queue.enqueue(Once, 'key', { delay: '1h' });
  expect(await dead.redrive({})).toMatchObject({
    state: 'done',
    retried: 0,
    kept: 1,
    conflicts: [{ id: gone.id, holder: holder.id }],
  });
});

it.each([
  [{}, { rate: 0 }, /^expected rate to be a number from 0.01 to 10000/],
  [{}, { first: 0 }, /^expected first to be an integer from 1 to 1000/],
  [{}, { stopAt: 20 }, /^expected stopAt to be a number from 0 to 1/],
  [{}, { wait: 'long' }, /^expected wait to be a duration/],
  [{}, { limit: 3 }, /^unknown option "limit"/],
  [{ colour: 'red' }, {}, /^unknown option "colour"/],
])('refuses %j with %j', async (filter, options, message) => {
  const { get } = await startProducer({});
  await expect(get(DeadLetterService).redrive(filter as never, options as never)).rejects.toThrow(message);
  await expect(get(DeadLetterService).resume('0123456789ab')).rejects.toThrow(/^no redrive has the id/);
  await expect(get(DeadLetterService).stop('x')).rejects.toThrow(/12 hexadecimal digits/);
  expect(await get(DeadLetterService).redrives()).toEqual([]);
});

it('is carried on after a kill: none is left, and none retried twice', { timeout: 120_000 }, async () => {
  const { app, dead, runs, untilRun } = await scene(200, () => {
    throw new Discard('still broken');
  });
  const args = ['dead', 'retry', '--all', '--yes', '--rate', '50', '--stop-at', 'off', '--app', app];
  const start = (more: string[]) =>
    AppProcess.start({ script: LIBRARY, args: more, env: { SCALR_REDIS_URL: sharedRedisUrl() } });
  await using first = await start(args);
  await eventually(async () => expect((await dead.redrives())[0]?.retried).toBeGreaterThan(40), {
    timeout: 60_000,
  });
  await first.kill();
  const [{ id, retried } = { id: '', retried: 0 }] = await dead.redrives();
  expect(retried).toBeLessThan(200);
  await using second = await start(['dead', 'retry', '--resume', id, '--rate', '9999', '--app', app]);
  expect((await second.exited).code).toBe(0);
  await untilRun(200);
  expect(timesOf(runs)).toEqual([1]);
  expect(await dead.getRedrive(id)).toMatchObject({ state: 'done', matched: 200, retried: 200, kept: 0 });
});

/** A console in a process of its own, of an account that may retry. */
async function consoleProcess(redis: string) {
  const dir = await mkdtemp(join(tmpdir(), 'scalr-redrive-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const accounts = join(dir, 'accounts.json');
  await writeFile(accounts, JSON.stringify([OPERATOR]));
  const shown = await AppProcess.start({
    script: LIBRARY,
    args: ['console', '--port', '0', '--writes', '--accounts', accounts],
    env: { SCALR_CONSOLE_REDIS_URL: redis, SCALR_CONSOLE_WRITE_REDIS_URL: redis },
  });
  onTestFinished(async () => void (await shown.kill()));
  const [, url] = await shown.waitForOutput(/console at (http:[^\s,]+)/, 60_000);
  const ask = async (path: string, body?: object) => {
    const headers = { authorization: basic(OPERATOR), 'content-type': 'application/json' };
    const init = body ? { method: 'POST', body: JSON.stringify(body) } : {};
    const response = await fetch(`${url}${path}`, { ...init, headers, signal: AbortSignal.timeout(30_000) });
    return (await response.json()) as Record<string, never>;
  };
  return { ask, kill: () => shown.kill() };
}

it('is carried on by another console when one is killed, none twice', { timeout: 120_000 }, async () => {
  await using redis = await RedisServer.start();
  const fail = () => {
    throw new Discard('still broken');
  };
  const { app, dead, runs, untilRun } = await scene(150, fail, redis.url);
  const first = await consoleProcess(redis.url);
  const { token } = await first.ask('/api/acts/preview', { act: 'retry', app });
  const { id } = await first.ask('/api/acts', { token, rate: 25, stopAt: 1 });
  await eventually(async () => expect((await dead.redrives())[0]?.retried).toBeGreaterThan(20), {
    timeout: 60_000,
  });
  await first.kill();
  expect((await dead.redrives())[0]!.retried).toBeLessThan(150);
  const second = await consoleProcess(redis.url);
  await eventually(
    async () =>
      expect(await second.ask(`/api/acts/${String(id)}`)).toMatchObject({
        state: 'done',
        by: 'otto',
        matched: 150,
        done: 150,
      }),
    { timeout: 60_000, interval: 200 },
  );
  await untilRun(150);
  expect(timesOf(runs)).toEqual([1]);
});
