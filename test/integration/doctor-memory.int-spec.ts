import { onTestFinished } from 'vitest';
import { Redis } from 'ioredis';
import { startProducer } from '../support/apps.js';
import { commandLine } from '../support/command-line.js';
import { RedisServer } from '../support/redis.js';

it('says that no app takes more memory than Redis uses, whichever keys were measured', async () => {
  await using server = await RedisServer.start({ args: ['--save', ''] });
  await startProducer({ app: 'big', redis: server.url });
  const redis = new Redis(server.url);
  onTestFinished(() => redis.disconnect());
  // Half of the keys are measured: where this one is among them, it counts twice.
  await redis.setrange('scalr:{big}:blob', 30_000_000, 'x');
  await redis.mset(Array.from({ length: 600 }, (_, n) => [`scalr:{big}:key-${n}`, 'x']).flat());

  const cli = commandLine('big', server.url);
  const read = async <Report>(command: string) => JSON.parse((await cli(command)).out) as Report;
  for (let look = 0; look < 8; look++) {
    const { apps, server: all } = await read<{
      apps: [Record<string, number>];
      server: Record<string, number>;
    }>('apps --json');
    expect(apps[0]['bytes']).toBeLessThanOrEqual(all['usedMemory']!);
    expect(apps[0]['memoryShare']).toBeLessThanOrEqual(1);
    const own = await read<{ keys: { ownBytes: number }; server: { usedMemory: number } }>('doctor --json');
    expect(own.keys.ownBytes).toBeLessThanOrEqual(own.server.usedMemory);
  }
});

it('counts all keys by the app that they belong to, and estimates the memory of its own', async () => {
  await using server = await RedisServer.start({ args: ['--save', ''] });
  const redis = new Redis(server.url);
  onTestFinished(() => redis.disconnect());
  // More than are asked for in one step, and more than are measured; an estimate of equals is exact.
  const size = 10_000;
  const pipeline = redis.pipeline();
  for (let n = 0; n < 1_200; n++) pipeline.setrange(`scalr:{big}:key-${n}`, size - 1, 'x');
  for (let n = 0; n < 5; n++) pipeline.set(`scalr:{small}:key-${n}`, 'x');
  await pipeline.set('foreign', 'x').exec();
  const each = (await redis.memory('USAGE', 'scalr:{big}:key-7'))!;

  const cli = commandLine('big', server.url);
  const read = async <Report>(command: string) => JSON.parse((await cli(command)).out) as Report;
  const { keys, notes } = await read<{ keys: Record<string, number>; notes: string[] }>('doctor --json');
  expect(keys).toMatchObject({
    keys: 1_206,
    seen: 1_206,
    foreign: 1,
    measured: 300,
    apps: [
      { app: 'big', keys: 1_200 },
      { app: 'small', keys: 5 },
    ],
  });
  expect(keys['ownBytes']).toBeGreaterThan(1_195 * each);
  expect(keys['ownBytes']).toBeLessThan(1_205 * each);
  expect(notes.filter((note) => note.includes('keys'))).toEqual([]);

  const all = await read<{ apps: Record<string, number>[]; notes: string[] }>('apps --json');
  expect(all.apps).toMatchObject([
    { app: 'big', keys: 1_200 },
    { app: 'small', keys: 5 },
  ]);
  expect(all.apps[0]!['bytes']).toBeGreaterThan(1_195 * each);
  expect(all.apps[0]!['bytes']).toBeLessThan(1_205 * each);
  expect(all.notes).toEqual([]);
});
