import { onTestFinished } from 'vitest';
import { Redis } from 'ioredis';
import { startProducer } from '../support/apps.js';
import { commandLine } from '../support/redis-users.js';
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
