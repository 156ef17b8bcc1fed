import { Injectable } from '@nestjs/common';
import { Redis } from 'ioredis';
import { hostname } from 'node:os';
import { defineJob, ProcessJob, Scheduled } from 'scalr-queue';
import { onTestFinished } from 'vitest';
import { RedisEngine } from '../../libs/scalr-queue/src/engine/redis/redis.engine.js';
import { startBoth, startProducer, uniqueApp } from '../support/apps.js';
import { commandsOf } from '../support/command-line.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';
import { workerOf } from '../support/worker-info.js';

const Send = defineJob<{ to: string }, string>('mail.send', {
  queue: 'mail',
  retry: { attempts: 3, delay: '1h' },
});
const Hold = defineJob('hold', { queue: 'slow' });
const Nightly = defineJob('nightly', { queue: 'slow' });
const Render = defineJob<{ page: number }>('pdf.render', { queue: 'pdf', retry: false });

@Injectable()
class Clockwork {
  @ProcessJob(Nightly)
  @Scheduled({ cron: '0 3 * * *', tz: 'Europe/Madrid' })
  @Scheduled({ name: 'often', every: '90m' })
  nightly() {}
}

it('shows queues and what is odd about them, and workers that live and that died', async () => {
  const app = uniqueApp();
  const { cli, lines } = commandsOf(app);
  expect(await lines('queues')).toEqual(['no queue yet: nothing was enqueued, and no worker runs']);
  expect(await lines('workers')).toEqual(['no live worker']);
  expect(await lines('workers --versions')).toEqual(['no worker has told its version']);
  expect(await lines('workers --lost')).toEqual(['no worker died without shutting down in the last day']);
  expect(await lines('workers --gone')).toEqual(['no worker is known to be gone']);
  expect(await lines('schedules')).toEqual(['no schedule: no worker has declared any']);
  expect(await lines('jobs')).toEqual(['no such job']);
  expect(await lines('dead list')).toEqual(['no dead job']);
  expect(await cli('ping')).toEqual({
    code: 1,
    out: 'no live worker, and no queue: nothing was ever enqueued\n',
    err: '',
  });
  for (const command of ['pause pdf', 'resume pdf'])
    expect(await cli(command)).toEqual({
      code: 1,
      out: '',
      err: 'error: no queue is called pdf; known are: none\n',
    });
  for (const command of ['run-now', 'pause'])
    expect(await cli(`schedules ${command} nope`)).toEqual({
      code: 1,
      out: '',
      err: 'error: no schedule is called nope; known are: none\n',
    });

  const { queue, get } = await startProducer({ app });
  for (const definition of [Hold, Send, Render])
    await queue.enqueue(definition, { to: 'ada', page: 1 }, { id: 'j' });
  const redis = new Redis(sharedRedisUrl());
  onTestFinished(() => redis.disconnect());
  await redis.del(`scalr:{${app}}:slow:wait`);
  await redis.set(`scalr:{${app}}:slow:wait`, 'no list');
  expect((await cli('pause pdf --yes')).code).toBe(0);
  const beat = (id: string, rest: object) =>
    get(RedisEngine).workers.beat(
      workerOf({
        id,
        queues: ['mail'],
        jobs: ['mail.send'],
        startedAt: new Date(Date.now() - 7_200_000),
        seenAt: new Date(Date.now() - 5_000),
        ...rest,
      }),
    );
  await beat('a', { program: 'billing', version: '1.4.0', queues: ['mail', 'fax'], running: 2 });
  await beat('b', { pid: 8, draining: true, startedAt: new Date(Date.now() - 60_000) });
  const runningJobs = ['j1', 'j2', 'j3', 'j4'].map((id) => ({ id, queue: 'mail' }));
  await beat('c', { pid: 9, running: 4, runningJobs, program: 'billing', version: '1.3.0' });
  await redis.del(`scalr:{${app}}:~workers:c`);

  const { code, out, err } = await cli('queues');
  expect(code).toBe(0);
  expect(
    out
      .replaceAll(/ +/g, ' ')
      .replaceAll(/\d+m?s/g, 'T')
      .split('\n'),
  ).toEqual([
    'QUEUE WAITING DELAYED RUNNING DEAD OLDEST WORKERS STATE',
    'fax 0 0 0 0 - 1 open',
    'mail 1 0 0 0 T 1 open',
    'pdf 1 0 0 0 T 0 paused',
    expect.stringMatching(/^slow 0 0 0 0 - 0 [A-Z_]+$/),
    '',
  ]);
  expect(err).toMatch(/^warning \[ENTRY_UNREADABLE\]: scalr:\{.*\}:slow.* cannot be read .*\n$/);
  const forMachine = await cli('queues --json');
  expect(JSON.parse(forMachine.out)).toMatchObject([
    {},
    {},
    { paused: true },
    { problem: { code: expect.any(String) } },
  ]);
  expect(JSON.parse(forMachine.err)).toEqual({
    warning: { code: 'ENTRY_UNREADABLE', message: expect.stringContaining(':slow') },
  });
  await redis.del(`scalr:{${app}}:slow:wait`);
  expect(await lines('workers')).toEqual([
    'HOST PID PROGRAM VERSION QUEUES RUNNING SINCE SEEN STATE',
    'vm-1 7 billing 1.4.0 mail,fax 2 T T working',
    'vm-1 8 - - mail 0 T T draining',
  ]);
  expect(await lines('workers --lost')).toEqual([
    'HOST PID PROGRAM VERSION LAST SEEN RAN FIRST JOBS',
    'vm-1 9 billing 1.3.0 T 4 mail/j1 mail/j2 mail/j3',
  ]);
  await redis.zadd(`scalr:{${app}}:~h:v`, 1, '1.3.0', 2, '1.4.0');
  expect((await lines('workers --versions')).map((line) => line.split(' ')[0])).toEqual([
    'VERSION',
    '1.4.0',
    '1.3.0',
  ]);
  expect(JSON.parse((await cli('workers --lost --json')).out)).toMatchObject([{ id: 'c', running: 4 }]);
  // Nobody is there, though they look alive.
  expect(await cli('ping --queue mail fax --timeout 50')).toEqual({
    code: 1,
    err: '',
    out: [
      'QUEUE  ANSWER  ROUND TRIP  WORKER',
      'mail   none    -           no worker was free in time',
      'fax    none    -           no worker was free in time',
      '',
    ].join('\n'),
  });
  expect((await cli('ping --queue pdf --timeout 50ms')).out).toMatch(
    /\npdf +none +- +(?:the queue is paused|no live worker takes jobs from it)\n$/,
  );
});

it('shows schedules, runs one, and holds one up', async () => {
  const { app, jobs } = await startBoth({ providers: [Clockwork] });
  const { cli, json, lines } = commandsOf(app);
  await eventually(async () => expect(await lines('schedules')).toHaveLength(3));
  expect(await lines('schedules list')).toEqual([
    'NAME QUEUE WHEN ZONE NEXT LAST SUCCESS STATE LAST 30',
    'nightly slow 0 3 * * * Europe/Madrid T - - active -',
    'often slow every T - T - - active -',
  ]);
  expect((await cli('schedules')).out).toContain('every 1h 30m');
  expect(await lines('schedules run-now often --dry-run')).toEqual(['would enqueue a job of often in slow']);
  const { out } = await cli('schedules run-now often');
  const [, id] = /^enqueued nightly in slow: (\S+)\n$/.exec(out)!;
  await jobs.waitFor(id!, { timeout: '20s' });
  expect(await jobs.get(id!)).toMatchObject({ state: 'completed' });
  expect(await lines('schedules pause often --dry-run')).toEqual(['would pause often']);
  expect(await json('schedules pause often --dry-run')).toEqual({ name: 'often', dryRun: true });
  expect(await json('schedules run-now often --dry-run')).toEqual({
    name: 'often',
    queue: 'slow',
    dryRun: true,
  });
  expect(await json('schedules list')).toMatchObject([{ paused: false }, { paused: false }]);
  expect(await json('schedules pause often --yes')).toEqual({ name: 'often', paused: true });
  expect((await lines('schedules'))[2]).toMatch(/^often slow every T - - \S+ \S+ paused -$/);
  expect(await json('schedules resume often')).toEqual({ name: 'often', paused: false });
  expect((await lines('schedules'))[2]).toMatch(/^often slow every T - T \S+ \S+ active -$/);
  expect(await cli('schedules run-now nope')).toEqual({
    code: 1,
    out: '',
    err: 'error: no schedule is called nope; known are: nightly, often\n',
  });
  const answered = await cli('ping --queue slow --timeout 20s');
  expect(answered.out.split('\n')[1]).toMatch(
    new RegExp(`^slow +pong +\\d+m?s +${hostname()}:${process.pid}$`),
  );
});
