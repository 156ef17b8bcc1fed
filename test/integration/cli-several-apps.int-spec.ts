import { Injectable } from '@nestjs/common';
import { DeadLetterService, defineJob, ProcessJob } from 'scalr-queue';
import { startBoth, startProducer, uniqueApp } from '../support/apps.js';
import { commandLine, onTerminal } from '../support/command-line.js';
import { eventually } from '../support/eventually.js';
import { startRedisWithUsers } from '../support/redis-users.js';
import { sharedRedisUrl } from '../support/redis.js';

const Mail = defineJob<string>('mail.send', { queue: 'mail', tags: (tenant) => [`tenant:${tenant}`] });
const Pdf = defineJob('pdf.render', { queue: 'pdf' });
const Fail = defineJob('fail', { retry: false });

@Injectable()
class Handlers {
  @ProcessJob(Fail)
  run() {
    throw new TypeError('no paper');
  }
}

const squeezed = (text: string) => text.trimEnd().replaceAll(/ +/g, ' ').split('\n');

it('shows what several apps have in one table, and those that cannot be asked beside it', async () => {
  const { as } = await startRedisWithUsers('orders', 'shop');
  const orders = await startProducer({ app: 'orders', redis: as('orders-enqueue') });
  const shop = await startProducer({ app: 'shop', redis: as('shop') });
  await orders.queue.enqueue(Mail, 'acme', { id: 'm1' });
  await shop.queue.enqueue(Pdf, undefined, { id: 'p1' });
  const operator = commandLine('nobody', as('operator'));
  const queues = await operator('queues --all');
  expect(queues).toMatchObject({ code: 0, err: '' });
  expect(squeezed(queues.out)).toEqual([
    'APP QUEUE WAITING DELAYED RUNNING DEAD OLDEST WORKERS STATE',
    expect.stringMatching(/^orders mail 1 0 0 0 .* 0 open$/),
    expect.stringMatching(/^shop pdf 1 0 0 0 .* 0 open$/),
  ]);
  // Tags are a column as soon as a job of one of them has some.
  const both = commandLine('shop, orders,shop', as('operator'));
  expect(squeezed((await both('jobs')).out)).toEqual([
    'APP ID NAME QUEUE STATE ATTEMPT ENQUEUED WHEN TAGS ERROR',
    expect.stringMatching(/^shop p1 pdf\.render pdf waiting 0\/5 .* - - -$/),
    expect.stringMatching(/^orders m1 mail\.send mail waiting 0\/5 .* - tenant:acme -$/),
  ]);
  expect(await both('workers')).toEqual({ code: 0, out: 'no live worker\n', err: '' });
  for (const command of ['schedules', 'audit', 'limits', 'locks', 'dead list', 'dead groups'])
    expect([command, await both(command)]).toMatchObject([command, { code: 0, err: '' }]);

  // Its user may look at the one only.
  const half = commandLine('orders,shop', as('shop'));
  const one = await half('queues');
  expect(one).toMatchObject({ code: 3, err: expect.stringMatching(/^error: orders: .*\n$/) as string });
  expect(squeezed(one.out).slice(1)).toEqual([expect.stringMatching(/^shop pdf 1 /)]);
  const data = await half('queues --json');
  expect(data).toMatchObject({ code: 3, err: '' });
  expect(JSON.parse(data.out)).toEqual({
    apps: [
      { app: 'orders', error: { code: 'QUEUE_UNAVAILABLE', message: expect.any(String) as string } },
      { app: 'shop', result: [expect.objectContaining({ name: 'pdf', waiting: 1 })] },
    ],
  });
  expect(await half('queues --all')).toMatchObject({
    code: 3,
    out: '',
    err: expect.stringContaining('for the user "operator"') as string,
  });
  for (const [args, why] of [
    ['jobs --cursor x', 'a cursor is of one app: name that with --app'],
    ['pause pdf --yes', 'this command is for one app: name that with --app'],
    ['dead retry m1', 'an id is of one app: name that with --app'],
    ['jobs --state dead --limit 0', 'expected limit to be an integer from 1 to 1000, got: 0'],
  ] as const)
    expect(await half(args)).toEqual({ code: 2, out: '', err: `error: ${why}\n` });
  expect(await commandLine('shop,', as('shop'))('queues')).toMatchObject({ code: 2, out: '' });
});

it('acts on several apps, each by itself, and says which failed', async () => {
  const names = [uniqueApp(), uniqueApp()];
  const [one, two] = [
    await startBoth({ app: names[0]!, providers: [Handlers] }),
    await startProducer({ app: names[1]! }),
  ];
  const cli = commandLine(names.join(','), sharedRedisUrl());
  await one.queue.enqueueMany(Mail, ['acme', 'acme', 'initech']);
  await two.queue.enqueue(Pdf);
  await one.queue.enqueue(Fail);
  await eventually(async () => expect(await one.get(DeadLetterService).count()).toBe(1));

  // The other one has no such queue, which keeps nobody from the first.
  const cancelled = await cli('cancel --queue mail --tag tenant:acme --yes --as ada');
  expect(cancelled).toMatchObject({
    code: 1,
    err: expect.stringMatching(new RegExp(`^error: ${names[1]}: unknown queue "mail".*\n$`)) as string,
  });
  expect(squeezed(cancelled.out)).toEqual(['APP RESULT', `${names[0]} 2 cancelled`]);
  expect(JSON.parse((await cli('cancel --tag tenant:initech --yes --json')).out)).toEqual({
    apps: [
      { app: names[0], result: { matched: 1, cancelled: 1, cancelling: 0, dryRun: false } },
      { app: names[1], result: { matched: 0, cancelled: 0, cancelling: 0, dryRun: false } },
    ],
  });
  const audit = JSON.parse((await cli('audit --json')).out) as {
    apps: { result: { entries: { by?: string }[] } }[];
  };
  expect(audit.apps[0]!.result.entries.at(-1)).toMatchObject({ by: 'ada', done: 2 });
  expect(squeezed((await cli('dead delete --reason attempts --dry-run')).out)).toEqual([
    'APP RESULT',
    `${names[0]} 1 would be deleted`,
    `${names[1]} 0 would be deleted`,
  ]);
  expect(await cli('dead delete --all')).toEqual({
    code: 2,
    out: '',
    err: `error: ${names[0]}: delete 4 dead jobs? Pass --yes: there is no terminal to ask on.\n`,
  });

  const asked = onTerminal(names.join(','), sharedRedisUrl(), 'dead delete --all');
  await eventually(() => expect(asked.err.text).toContain(`${names[0]}: delete 4 dead jobs? [y/N]`));
  asked.type('y\n');
  expect(await asked.ended).toMatchObject({ code: 0 });
  expect(asked.out.text).toMatch(new RegExp(`${names[0]} +4 deleted\n${names[1]} +0 deleted\n`));
  expect(await one.get(DeadLetterService).count()).toBe(0);
});
