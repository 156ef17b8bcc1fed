import { defineJob } from 'scalr-queue';
import { onTestFinished, vi } from 'vitest';
import { RedisEngine } from '../../libs/scalr-queue/src/engine/redis/redis.engine.js';
import { Cli } from '../../libs/scalr-queue/src/cli/cli.js';
import { runCli } from '../../libs/scalr-queue/src/cli/program.js';
import { startProducer } from '../support/apps.js';
import { commandLine, onTerminal } from '../support/command-line.js';
import { seedDead } from '../support/dead-jobs.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/ports.js';
import { RedisServer } from '../support/redis.js';
import { workerOf } from '../support/worker-info.js';

const Send = defineJob<{ to: string }>('mail.send', { queue: 'mail' });
const Render = defineJob('pdf.render', { queue: 'pdf' });

/** A Redis of its own with one app: a worker for its mail, and nobody for its documents. */
async function scene() {
  const redis = await RedisServer.start({ args: ['--maxmemory', '256mb'] });
  onTestFinished(() => redis.stop());
  const { queue, get } = await startProducer({ app: 'shop', redis: redis.url });
  await queue.enqueue(Send, { to: 'ada' }, { id: 'm1' });
  await queue.enqueue(Send, { to: 'ada' }, { id: 'm2', delay: '1h' });
  await seedDead(redis.url, { app: 'shop', queue: 'mail', name: 'mail.send', count: 2 });
  const counts = [{ queue: 'mail', completed: 30, dead: 2, retried: 10 }];
  const beat = (seconds: number, rest: object = {}) =>
    get(RedisEngine).workers.beat(
      workerOf({
        queues: ['mail'],
        jobs: ['mail.send'],
        counts,
        running: 1,
        runningJobs: [{ id: 'm0', queue: 'mail' }],
        startedAt: new Date(Date.now() - 10_000),
        seenAt: new Date(Date.now() - 10_000 + 1_000 * seconds),
        ...rest,
      }),
    );
  await beat(10);
  return { redis, queue, beat, cli: commandLine('shop', redis.url), url: redis.url };
}

const squeezed = (out: string) => out.replaceAll(/ +/g, ' ').split('\n');

it('judges whether the app works, by its exit code too', async () => {
  const { cli, queue } = await scene();
  const age = /\d+(?:ms|s)/g;
  const well = await cli('check');
  expect({ ...well, out: well.out.replaceAll(age, 'T').split('\n') }).toEqual({
    code: 0,
    err: '',
    out: ['ok    redis: it answers', 'ok    queue mail: 1 live worker, oldest job waits for T', ''],
  });
  const late = await cli('check --max-age 1ms');
  expect({ ...late, out: late.out.replaceAll(age, 'T').split('\n') }).toEqual({
    code: 1,
    err: '',
    out: ['ok    redis: it answers', 'FAIL  queue mail: its oldest job waits for T, limit T', ''],
  });
  await queue.enqueue(Render);
  const named = await cli('check --queue pdf fax --json');
  expect({ ...named, out: JSON.parse(named.out) }).toEqual({
    code: 1,
    err: '',
    out: {
      ok: false,
      checks: [
        { name: 'redis', ok: true, message: 'it answers' },
        { name: 'queue pdf', ok: false, message: 'no live worker' },
        { name: 'queue fax', ok: false, message: 'the app has no such queue' },
      ],
    },
  });
  expect((await cli('check --queue mail')).code).toBe(0);
  const all = await cli('check --all --max-age 1h');
  expect({ ...all, out: all.out.replaceAll(age, 'T').split('\n') }).toEqual({
    code: 1,
    err: '',
    out: [
      'ok    redis: it answers',
      'ok    shop queue mail: 1 live worker, oldest job waits for T',
      'FAIL  shop queue pdf: no live worker',
      '',
    ],
  });
  expect(await cli('check --all --queue mail')).toEqual({
    code: 2,
    out: '',
    err: 'error: --queue is for one app: leave out --all\n',
  });
});

it('says that Redis is not there, each command in its way', async () => {
  const url = `redis://127.0.0.1:${await freePort()}`;
  const cli = commandLine('shop', url);
  const where = new RegExp(`127\\.0\\.0\\.1:${url.split(':').at(-1)} is not reachable`);
  const check = await cli('check');
  expect(check).toMatchObject({ code: 1, err: '', out: expect.stringMatching(/^FAIL {2}redis: .*\n$/) });
  expect(check.out).toMatch(where);
  for (const command of ['queues', 'apps', 'check --all'])
    expect([command, await cli(command)]).toEqual([
      command,
      { code: 3, out: '', err: expect.stringMatching(/^error: Redis at .*\n$/) },
    ]);
  expect((await cli('apps')).err).toMatch(where);
  const doctor = await cli('doctor --json');
  expect({ code: doctor.code, report: JSON.parse(doctor.out) }).toMatchObject({
    code: 1,
    report: { app: 'shop', healthy: false, findings: [{ severity: 'fatal' }] },
  });
});

it('has answered within two seconds of its start when Redis hangs', async () => {
  const { redis } = await scene();
  redis.freeze();
  onTestFinished(() => redis.thaw());
  const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
  onTestFinished(() => exit.mockRestore());
  let out = '';
  const to = {
    write: (text: string | Uint8Array) => Boolean((out += String(text))),
    isTTY: false,
    columns: 80,
  };
  // A command that began one and a half seconds ago.
  const cli = new Cli(to, to, process.stdin, performance.now() - 1_500);
  const running = runCli(['check', '--app', 'shop', '--redis', redis.url], cli);
  await eventually(() => expect(exit.mock.calls).toEqual([[1]]));
  expect(out).toBe('FAIL  redis: no answer in time\n');
  redis.thaw();
  await running;
});

it('looks the app and its Redis over, and says what to do', async () => {
  const { cli } = await scene();
  const well = await cli('doctor');
  expect({ code: well.code, err: well.err }).toEqual({ code: 0, err: '' });
  expect(squeezed(well.out)).toEqual(
    expect.arrayContaining([
      'app shop',
      'role master',
      'append-only file on',
      'eviction noeviction',
      expect.stringMatching(/^memory \S+ MiB of 256\.0 MiB$/),
      expect.stringMatching(/^of this app about \S+ KiB \(\d+ keys measured\)$/),
      expect.stringMatching(/^keys \d+$/),
      'of this app 2',
      'queues mail',
      'jobs 1 waiting, 1 delayed, 0 running, 2 dead',
      'workers 1',
      'APP KEYS CONNECTIONS',
      expect.stringMatching(/^shop \d+ 2$/),
      'nothing is wrong',
    ]),
  );
  const pausing = await cli('pause mail --yes');
  expect(pausing.code).toBe(0);
  const paused = await cli('doctor --role producer --budget 0');
  expect(paused.code).toBe(0);
  expect(paused.out).toContain('WARNING  The queue mail is paused\n  fix: scalr-queue resume mail\n');
  const all = await cli('doctor --all');
  expect(all).toMatchObject({ code: 0, err: '' });
  expect(all.out).toMatch(/^1 app · memory .* of 256\.0 MiB · connections \d+ of \d+\n\nAPP /);
  expect(all.out).toContain('\n\nWARNING  shop: The queue mail is paused\n  fix: scalr-queue resume mail\n');
  const forMachine = JSON.parse((await cli('doctor --all --json')).out) as Record<string, unknown>;
  expect(forMachine).toMatchObject({
    apps: [{ app: 'shop', waiting: 1, delayed: 1, dead: 2, workers: 1 }],
    findings: [{ severity: 'warning', problem: 'shop: The queue mail is paused' }],
  });
  expect(forMachine).not.toHaveProperty('details');
  for (const wrong of ['soon', '61s'])
    expect(await cli(`doctor --budget ${wrong}`)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^error: expected --budget to be a duration from 0/),
    });
  expect(await cli('doctor --role admin')).toMatchObject({
    code: 2,
    err: expect.stringContaining('Allowed choices are producer, worker'),
  });
});

it('fails where jobs can be lost', async () => {
  const redis = await RedisServer.start({
    args: ['--appendonly', 'no', '--maxmemory-policy', 'allkeys-lru'],
  });
  onTestFinished(() => redis.stop());
  await startProducer({ app: 'shop', redis: redis.url }).then(({ queue }) => queue.enqueue(Render));
  const { code, out } = await commandLine('shop', redis.url)('doctor');
  expect(code).toBe(1);
  expect(out).toMatch(/^append-only file +off$/m);
  expect(out).toMatch(/^DANGER {2}.*allkeys-lru/m);
  expect(out).not.toContain('nothing is wrong');
  // Full of what is evicted again.
  await redis.cli('CONFIG', 'SET', 'maxmemory', '4mb');
  for (let n = 0; n < 30; n++) await redis.cli('SETRANGE', `scalr:{other}:${n}`, '300000', 'x');
  const all = await commandLine('shop', redis.url)('doctor --all');
  expect(all.code).toBe(1);
  expect(all.out).toMatch(
    /^DANGER {2}JOBS MAY BE LOST: Redis has evicted \d+ keys since its start\n {2}fix: /m,
  );
  expect(all.out).not.toContain('nothing is wrong');
  const empty = await RedisServer.start();
  onTestFinished(() => empty.stop());
  expect((await commandLine('shop', empty.url)('apps')).out).toMatch(
    /^0 apps · memory \S+ KiB|MiB .*\n\nno app has stored anything yet\n$/,
  );
});

describe('top', () => {
  it('prints one view, and the same for a machine', async () => {
    const { cli, beat } = await scene();
    const beats = setInterval(() => void beat(15), 200);
    onTestFinished(() => clearInterval(beats));
    const { code, err, out } = await cli('top --once');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(squeezed(out.replaceAll(/\d\d:\d\d:\d\d/g, 'T').replaceAll(/\b\d+s\b/g, 'T'))).toEqual([
      'scalr-queue top shop 1 waiting · 1 delayed · 0 running · 2 dead · 1 worker · T',
      '',
      'QUEUE WAITING DELAYED RUNNING DEAD OLDEST NET/S DONE/S RETRY/S DEAD/S WORKERS',
      'mail 1 1 0 2 T 0 0 0 0 1',
      '',
      'WORKER UP RUNNING DONE FIRST JOB',
      'vm-1:7 T 1 30 mail/m0',
      '',
      'DEAD REASON',
      ' 2 attempts: Error',
      '',
    ]);
    expect(JSON.parse((await cli('top --json')).out)).toMatchObject({
      queues: [{ name: 'mail', waiting: 1 }],
      workers: [{ id: 'w' }],
      rates: { mail: { completed: 0, dead: 0, retried: 0 } },
      growth: { mail: 0 },
      deadReasons: [{ reason: 'attempts: Error', jobs: 2 }],
      deadEstimated: false,
    });
    for (const wrong of ['10ms', '61m', 'often'])
      for (const all of ['', ' --all'])
        expect(await cli(`top --interval ${wrong}${all}`)).toMatchObject({
          code: 2,
          err: expect.stringMatching(/^error: expected --interval to be a duration from 250/),
        });
  });

  it.each(['', ' --all'])('is a view that lives on a terminal%s, until it is left', async (all) => {
    const { url } = await scene();
    const { out, ended, type } = onTerminal('shop', url, `top --interval 250ms${all}`);
    const head = all ? '1 app · memory ' : 'scalr-queue top  shop  1 waiting';
    await eventually(() => expect(out.text.split(head).length).toBeGreaterThan(3));
    expect(out.text).toContain('every 0.25 s · p pause · q quit');
    type('p');
    await eventually(() => expect(out.text).toContain('paused · p go on · q quit'));
    type('q');
    expect(await ended).toMatchObject({ code: 0, err: '' });
    expect(out.text.endsWith('\u001b[?25h\u001b[?1049l')).toBe(true);
  });
});
