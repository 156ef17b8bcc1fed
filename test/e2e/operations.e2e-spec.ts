import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { onTestFinished } from 'vitest';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/ports.js';
import { isAlive, runCommand, startCommand } from './support/command-line.js';
import { closedGate, Held, startHeldProducer, startHeldWorker } from './support/held.js';
import { ready, startRedis } from './support/start.js';

const ENTRY = 'test/e2e/apps/held.worker.mjs';

describe('scalr-queue ping', () => {
  it('tells whether a worker answers, and why not', async () => {
    const redis = await startRedis();
    const { queue } = await startHeldProducer(redis.url);
    await queue.enqueue(Held, { gate: '' });
    const alone = await runCommand(redis.url, 'ping');
    expect(alone).toMatchObject({ code: 1, output: expect.stringMatching(/default +none .*no live worker/) });

    const worker = await startHeldWorker(redis.url);
    await ready(worker);
    const answered = await eventually(async () => {
      const run = await runCommand(redis.url, 'ping', '--json');
      expect(run.code).toBe(0);
      return run;
    });
    expect(JSON.parse(answered.output)).toMatchObject([
      { queue: 'default', answered: true, worker: { pid: worker.process.pid } },
    ]);
    expect(worker.process.output).not.toContain('scalr.ping');
  });

  it('ends with 1 when the worker is too busy, and with 3 when Redis is down', async () => {
    const redis = await startRedis();
    const worker = await startHeldWorker(redis.url, { SCALR_WORKER_CONCURRENCY: '1' });
    await ready(worker);
    const { queue } = await startHeldProducer(redis.url);
    const gate = await closedGate();
    await queue.enqueue(Held, { gate: gate.path });
    await worker.process.waitForOutput(/started/);
    const busy = await runCommand(redis.url, 'ping', '--queue', 'default', '--timeout', '200ms');
    expect(busy).toMatchObject({ code: 1, output: expect.stringContaining('no worker was free in time') });
    await gate.open();
    const down = await runCommand(`redis://127.0.0.1:${await freePort()}`, 'ping');
    expect(down).toMatchObject({ code: 3, output: expect.stringContaining('is not reachable') });
  });
});

describe('scalr-queue burst', () => {
  it('runs the worker of the app until its queues are empty; a dead job makes the exit code 1', async () => {
    const redis = await startRedis();
    const { queue } = await startHeldProducer(redis.url);
    await queue.enqueueMany(
      Held,
      Array.from({ length: 20 }, () => ({ gate: '' })),
    );
    const done = await runCommand(redis.url, 'burst', ENTRY);
    expect(done.code).toBe(0);
    expect(done.output).toMatch(/burst +empty after/);
    expect(done.output).toMatch(/completed +20\n/);

    await queue.enqueue(Held, { gate: '/nowhere' }, { timeout: 50, retry: false });
    const died = await runCommand(redis.url, 'burst', ENTRY, '--json');
    expect(died.code).toBe(1);
    const summary: unknown = JSON.parse(died.output.slice(died.output.lastIndexOf('\n{')));
    expect(summary).toMatchObject({ ended: 'empty', completed: 0, failed: 1, dead: 1, left: [] });
  });

  it('hands its running jobs back when it is interrupted', async () => {
    const redis = await startRedis();
    const { queue, jobs } = await startHeldProducer(redis.url);
    const gate = await closedGate();
    const { id } = await queue.enqueue(Held, { gate: gate.path });
    const burst = await startCommand(redis.url, 'burst', ENTRY);
    await burst.waitForOutput(/started .* attempt 1/);
    burst.signal('SIGINT');
    expect(await burst.exited).toMatchObject({ code: 1 });
    expect(burst.output).toMatch(/burst +interrupted[^]*handed back +1\n/);
    expect(await jobs.get(id)).toMatchObject({ state: 'waiting' });
  });

  it('says what is wrong with its arguments', async () => {
    const missing = await runCommand('redis://127.0.0.1:1', 'burst', 'no/such.js');
    expect(missing).toMatchObject({ code: 2, output: expect.stringContaining('no file no/such.js') });
    const wrong = await runCommand('redis://127.0.0.1:1', 'burst', ENTRY, '--grace', 'soon');
    expect(wrong).toMatchObject({ code: 2, output: expect.stringContaining('burst.grace') });
  });
});

describe('scalr-queue dev', () => {
  /** A worker in a folder of its own, whose code says which version it is. */
  async function startDev() {
    const folder = await mkdtemp(join(tmpdir(), 'scalr-dev-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await mkdir(join(folder, 'dist'));
    await symlink(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'));
    const app = pathToFileURL(join(process.cwd(), 'test/e2e/apps/held.worker.mjs')).href;
    const version = (text: string) =>
      writeFile(join(folder, 'dist/version.mjs'), `export const version = '${text}';\n`);
    await version('one');
    await writeFile(
      join(folder, 'dist/worker.mjs'),
      `import { version } from './version.mjs';\nconsole.log(version + ' is ' + process.pid);\nawait import('${app}');\n`,
    );
    const redis = await startRedis();
    const dev = await startCommand(
      redis.url,
      'dev',
      join(folder, 'dist/worker.mjs'),
      '--build',
      'sleep 1000',
    );
    const pidOf = async (text: string) =>
      Number((await dev.waitForOutput(new RegExp(`${text} is (\\d+)`)))[1]);
    return { redis, dev, version, pidOf };
  }

  it('starts the worker again when a file changes, its job with it; Ctrl-C ends everything', async () => {
    const { redis, dev, version, pidOf } = await startDev();
    const first = await pidOf('one');
    await dev.waitForOutput(/Worker ready/);
    const { queue } = await startHeldProducer(redis.url);
    const gate = await closedGate();
    const { id } = await queue.enqueue(Held, { gate: gate.path });
    await dev.waitForOutput(new RegExp(`started ${id} attempt 1`));

    await version('two');
    const second = await pidOf('two');
    expect(dev.output).toContain('1 handed back');
    await dev.waitForOutput(new RegExp(`two is [^]*started ${id} attempt 1`));
    expect(isAlive(first)).toBe(false);
    await gate.open();
    await eventually(async () => expect(await gate.finished()).toEqual([`finished ${id} attempt 1`]));

    dev.signal('SIGINT');
    expect(await dev.exited).toMatchObject({ code: 0 });
    expect(isAlive(second)).toBe(false);
    expect(dev.output).toContain('the build ended by SIGTERM');
  });

  it('leaves no worker behind when it is killed', async () => {
    const { dev, pidOf } = await startDev();
    const pid = await pidOf('one');
    await dev.waitForOutput(/Worker ready/);
    await dev.kill();
    await eventually(() => expect(isAlive(pid)).toBe(false));
  });
});

describe('scalr-queue doctor', () => {
  it('finds nothing dangerous in a Redis as it should be', async () => {
    const redis = await startRedis({ args: ['--maxmemory', '200mb'] });
    const { queue } = await startHeldProducer(redis.url);
    await queue.enqueueMany(
      Held,
      Array.from({ length: 100 }, () => ({ gate: '' })),
    );
    await redis.cli('SET', 'scalr:{other}:x', 'y');
    const text = await runCommand(redis.url, 'doctor');
    expect(text.code).toBe(0);
    expect(text.output).toMatch(
      /WARNING {2}No live worker takes jobs from the queue default, which holds 100\n {2}fix: /,
    );
    const json = JSON.parse((await runCommand(redis.url, 'doctor', '--json')).output) as {
      keys: { ownBytes: number; apps: unknown };
    };
    expect(json).toMatchObject({
      app: 'e2e',
      healthy: true,
      notes: [],
      server: {
        aofEnabled: true,
        evictionPolicy: 'noeviction',
        clientsByApp: { e2e: expect.any(Number) as number },
      },
    });
    expect(json.keys.apps).toEqual([
      { app: 'e2e', keys: expect.any(Number) as number },
      { app: 'other', keys: 1 },
    ]);
    expect(json.keys.ownBytes).toBeGreaterThan(100 * 200);
    expect(json.keys.ownBytes).toBeLessThan(100 * 2_000);
    // It changes nothing.
    expect(await redis.cli('KEYS', '*preflight*')).toBe('');
  });

  it('ends with 1 for settings that lose jobs, and says how to mend them', async () => {
    const redis = await startRedis({ args: ['--appendonly', 'no', '--maxmemory-policy', 'allkeys-lru'] });
    const { code, output } = await runCommand(redis.url, 'doctor');
    expect(code).toBe(1);
    expect(output).toMatch(/DANGER .*allkeys-lru[^]*fix: .*noeviction/);
    expect(output).toMatch(/DANGER .*append-only file is off[^]*fix: .*--appendonly yes/);
  });

  it('tells what a restricted user may not look at, and what it needs', async () => {
    const redis = await startRedis({
      acl: [
        'user default on nopass ~* &* +@all',
        'user blind on >secret ~scalr:{e2e}:* &* +@all -config -client|list -memory|usage -scan',
        'user weak on >secret ~scalr:{e2e}:* &* +@all -zadd',
      ],
    });
    const as = (user: string) => redis.url.replace('redis://', `redis://${user}:secret@`);
    const blind = await runCommand(as('blind'), 'doctor');
    expect(blind.code).toBe(0);
    expect(blind.output).toMatch(/note: connections could not be counted by app/);
    expect(blind.output).toMatch(/note: keys \(grant \+scan/);
    const weak = await runCommand(as('weak'), 'doctor');
    expect(weak).toMatchObject({ code: 1, output: expect.stringMatching(/FATAL .*may not use zadd/) });
    expect(weak.output).not.toContain('secret');
  });

  it('ends with 1 when there is no Redis', async () => {
    const { code, output } = await runCommand(`redis://127.0.0.1:${await freePort()}`, 'doctor');
    expect(code).toBe(1);
    expect(output).toMatch(/FATAL {2}Redis at .* is not reachable/);
  });
});
