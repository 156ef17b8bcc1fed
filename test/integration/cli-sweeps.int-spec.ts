import { Redis } from 'ioredis';
import { defineJob } from 'scalr-queue';
import { onTestFinished, vi } from 'vitest';
import { Cli } from '../../libs/scalr-queue/src/cli/cli.js';
import { runCli } from '../../libs/scalr-queue/src/cli/program.js';
import { startProducer, uniqueApp } from '../support/apps.js';
import { commandLine } from '../support/command-line.js';
import { seedDead } from '../support/dead-jobs.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';

const Render = defineJob<{ page: number }>('pdf.render', { queue: 'pdf' });

/** An app with so many dead jobs, and its command line. */
async function withDead(count: number) {
  const app = uniqueApp();
  const { queue } = await startProducer({ app });
  await queue.enqueue(Render, { page: 1 }, { delay: '1h' });
  await seedDead(sharedRedisUrl(), { app, queue: 'pdf', name: 'pdf.render', count });
  const cli = commandLine(app, sharedRedisUrl());
  return { app, cli, json: async (args: string) => JSON.parse((await cli(`${args} --json`)).out) as object };
}

it('goes on where an earlier call stopped', async () => {
  const { cli, json } = await withDead(5);
  const first = (await json('dead retry --all --dry-run --limit 2')) as { cursor: string };
  expect(first).toMatchObject({ matched: 2, retried: 0, dryRun: true, cursor: expect.any(String) });
  const rest = await json(`dead retry --all --dry-run --cursor ${first.cursor}`);
  expect(rest).toMatchObject({ matched: 3, dryRun: true });
  expect(rest).not.toHaveProperty('cursor');
  const text = await cli('dead retry --all --dry-run --limit 2');
  expect(text).toMatchObject({ code: 0, out: '2 would be retried\n' });
  expect(text.err).toBe(`stopped early; to go on: the same with --cursor ${first.cursor}\n`);
});

it('stops at Ctrl-C where it can, says how to go on, and ends with 130', async () => {
  const { app, json } = await withDead(350);
  // The signals of this process are those of the test runner.
  const once = vi.spyOn(process, 'once').mockReturnValue(process);
  onTestFinished(() => once.mockRestore());
  const interrupt = () => {
    for (const [name, listener] of once.mock.calls) if (name === 'SIGINT') (listener as () => void)();
  };
  const written = { out: '', err: '' };
  const stream = (name: 'out' | 'err', isTTY: boolean) => ({
    write: (text: string) => {
      if (isTTY && /K[1-9]\d* of 350 retried/.test(text)) interrupt();
      written[name] += text;
      return true;
    },
    isTTY,
    columns: 200,
  });
  const args = 'dead retry --all --yes --rate 100'
    .split(' ')
    .concat('--app', app, '--redis', sharedRedisUrl());
  const code = await runCli(args, new Cli(stream('out', false), stream('err', true)));
  expect(code).toBe(130);
  expect(Number.parseInt(written.out, 10)).toBeGreaterThan(0);
  expect(Number.parseInt(written.out, 10)).toBeLessThan(350);
  const [, id] = /to go on: scalr-queue dead retry --resume (\w+)/.exec(written.err) ?? [];
  once.mockRestore();
  expect(await json(`dead retry --resume ${id} --rate 9999`)).toMatchObject({ state: 'done', retried: 350 });
});

it('leaves no connection behind', async () => {
  const app = uniqueApp();
  const redis = new Redis(sharedRedisUrl());
  onTestFinished(() => redis.disconnect());
  const connected = async () =>
    String(await redis.client('LIST'))
      .split('\n')
      .filter((line) => line.includes(`{${app}}`));
  expect((await commandLine(app, sharedRedisUrl())('queues')).code).toBe(0);
  await eventually(async () => expect(await connected()).toEqual([]));
});
