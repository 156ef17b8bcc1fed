import { join } from 'node:path';
import { defineJob, ProcessJob } from 'scalr-queue';
import { runCli } from '../../libs/scalr-queue/src/cli/program.js';
import { Cli } from '../../libs/scalr-queue/src/cli/cli.js';
import { startBoth, startProducer } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis.js';

const Note = defineJob<{ text: string }>('note', { retry: false });

class Notes {
  @ProcessJob(Note)
  note() {}
}

async function cli(...args: string[]) {
  let output = '';
  const sink = { write: (text: string) => void (output += text) } as never;
  const exitCode = await runCli(args, new Cli(sink, sink));
  return { exitCode, output };
}

describe('where a Redis can be', () => {
  let redis: RedisServer;
  let socket: string;
  beforeAll(async () => {
    redis = await RedisServer.start({ args: ['--unixsocket', 'r.sock', '--databases', '20'] });
    socket = join(redis.dir, 'r.sock');
  });
  afterAll(() => redis.stop());

  it('is a unix socket and a database above 15, for processes and the command line', async () => {
    const url = `unix://${socket}?db=19`;
    const { app, queue, jobs } = await startBoth({ redis: url, providers: [Notes] });
    const { id } = await queue.enqueue(Note, { text: 'a' });
    await eventually(async () => expect(await jobs.get(id)).toMatchObject({ state: 'completed' }));
    expect(await redis.cli('-n', '19', 'EXISTS', `scalr:{${app}}:default:meta`)).toBe('1');
    expect(await redis.cli('-n', '0', 'DBSIZE')).toBe('0');
    for (const command of [['check'], ['job', id], ['doctor']]) {
      const { output } = await cli('--app', app, '--redis', url, ...command);
      expect(output).not.toMatch(/error|not reachable/i);
    }
  });

  it('is said with options, and with a family of addresses', async () => {
    const byPath = await startProducer({ redis: { path: socket, db: 3 } });
    expect(await byPath.queue.enqueue(Note, { text: 'a' })).toMatchObject({ status: 'created' });
    const byFamily = await startProducer({ redis: `redis://localhost:${redis.port}/3?family=4` });
    expect(await byFamily.queue.enqueue(Note, { text: 'a' })).toMatchObject({ status: 'created' });
    // Nothing listens on ::1.
    const wrong = await startProducer({ redis: { host: 'localhost', port: redis.port, family: 6 } });
    await expect(wrong.queue.enqueue(Note, { text: 'a' })).rejects.toThrow(/::1|not reachable/);
  });

  it('is not database 0 where the one that is wanted does not exist', async () => {
    const producer = await startProducer({ redis: `redis://127.0.0.1:${redis.port}/20` });
    await expect(producer.queue.enqueue(Note, { text: 'a' })).rejects.toThrow(/no database of that number/);
    const connections = async () =>
      Number(/total_connections_received:(\d+)/.exec(await redis.cli('INFO', 'stats'))?.[1]);
    // Neither on this connection nor on those that follow.
    const outcomes: string[] = [];
    const before = await connections();
    await eventually(async () => {
      const call = producer.queue.enqueue(Note, { text: 'a' });
      outcomes.push(
        await call.then(
          () => 'created',
          (error: Error) => error.name,
        ),
      );
      // Each look is a connection as well.
      expect(await connections()).toBeGreaterThan(before + outcomes.length + 2);
    });
    expect(outcomes).toEqual(outcomes.map(() => 'QueueUnavailableError'));
    expect(await redis.cli('-n', '0', 'DBSIZE')).toBe('0');
  });
});
