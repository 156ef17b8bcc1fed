import { Logger } from '@nestjs/common';
import { defineJob } from 'scalr-queue';
import { startProducer } from '../support/apps.js';
import { AnsweringRedis } from '../support/answering-redis.js';
import { eventually } from '../support/eventually.js';
import { RedisServer, sharedRedisUrl } from '../support/redis.js';

const Echo = defineJob<string>('echo');
const PREFLIGHT = /:~preflight$/;

/** Collects what the preflight logs while the test runs. */
function preflightLines(): string[] {
  const lines: string[] = [];
  const write = (line: unknown) => void (String(line).includes('preflight') && lines.push(String(line)));
  Logger.overrideLogger({ log: write, warn: write, error: write });
  onTestFinished(() => Logger.overrideLogger(false));
  return lines;
}

describe('the preflight of a connection that is lost while it looks', () => {
  it('fails quietly, and is made again with the next connection', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    onTestFinished(() => void process.off('unhandledRejection', note));
    await using redis = await AnsweringRedis.before(sharedRedisUrl());
    // The last of its commands, so that all of them are on their way.
    let lost = 0;
    redis.answer(([name = '', ...keys]) =>
      name === 'del' && PREFLIGHT.test(keys[0] ?? '') && lost++ < 3 ? 'reset unheard' : undefined,
    );
    const { queue } = await startProducer({ redis: redis.url });
    await eventually(() => expect(lost).toBeGreaterThan(3));
    expect(await queue.enqueue(Echo, 'a')).toMatchObject({ status: 'created' });
    expect(unhandled).toEqual([]);
  });
});

describe('the preflight', () => {
  it('looks again with each connection, and while something is wrong every ten seconds', async () => {
    await using redis = await RedisServer.start();
    const lines = preflightLines();
    // Its clock, and nothing else: what waits for Redis waits in real time.
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const { queue } = await startProducer({ redis: redis.url }, { quiet: false });
    await queue.enqueue(Echo, 'a');
    expect(lines).toEqual([]);
    await redis.cli('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    await redis.cli('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await eventually(() => expect(lines).toHaveLength(1));
    expect(lines[0]).toContain('maxmemory-policy is allkeys-lru');
    await redis.cli('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    await vi.advanceTimersByTimeAsync(9_000);
    await queue.enqueue(Echo, 'b');
    expect(lines).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2_000);
    await eventually(() => expect(lines).toHaveLength(2));
    expect(lines[1]).toBe('Redis preflight: all is well now');
  });

  it('looks at the server and its clock once a minute while all is well', async () => {
    await using redis = await RedisServer.start();
    await using front = await AnsweringRedis.before(redis.url);
    const lines = preflightLines();
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const { queue } = await startProducer({ redis: front.url }, { quiet: false });
    await queue.enqueue(Echo, 'a');
    const looks = () => front.commands.filter((command) => command.join(' ') === 'info').length;
    const probes = () => front.commands.filter(([, key = '']) => key.includes(':~preflight')).length;
    // The client asks once by itself.
    await eventually(() => expect(looks()).toBe(2));
    const probed = probes();
    await redis.cli('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    await vi.advanceTimersByTimeAsync(50_000);
    await queue.enqueue(Echo, 'b');
    expect(looks()).toBe(2);
    await vi.advanceTimersByTimeAsync(20_000);
    await eventually(() => expect(lines).toHaveLength(1));
    expect(looks()).toBe(3);
    // What a user may do changes with a connection only.
    expect(probes()).toBe(probed);
  });
});
