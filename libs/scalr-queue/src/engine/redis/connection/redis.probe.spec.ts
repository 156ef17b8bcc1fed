import type { ResolvedOptions } from '../../../config/resolved-options.js';
import type { RedisConnections } from './redis.connections.js';
import { RedisProbe } from './redis.probe.js';

/** A probe of a Redis that answers as the test says, and what it was asked. */
function start() {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const asked: string[] = [];
  const redis = { answer: (): Promise<number> => Promise.resolve(0) };
  const connections = {
    ready: true,
    producer: {
      exists: (key: string) => {
        asked.push(key);
        return redis.answer();
      },
    },
  };
  const options = { prefix: 'scalr:{billing}' } as ResolvedOptions;
  const probe = new RedisProbe(connections as unknown as RedisConnections, options);
  return { probe, asked, redis, connections };
}

describe('the question whether Redis answers', () => {
  it('is asked once a second, however many want to know', async () => {
    const { probe, asked, redis } = start();
    expect(await Promise.all([probe.answers(), probe.answers()])).toEqual([true, true]);
    redis.answer = () => Promise.reject(new Error('Connection is closed.'));
    vi.advanceTimersByTime(999);
    expect(await probe.answers()).toBe(true);
    expect(asked).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(await probe.answers()).toBe(false);
    expect(asked).toHaveLength(2);
    expect(asked[0]).toMatch(/^scalr:\{billing\}:/);
  });

  it('is answered with no after 800 ms, whatever Redis does', async () => {
    const { probe, redis } = start();
    redis.answer = () => new Promise(() => undefined);
    let answer: boolean | undefined;
    void probe.answers().then((is) => (answer = is));
    await vi.advanceTimersByTimeAsync(799);
    expect(answer).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(answer).toBe(false);
    redis.answer = () => Promise.resolve(0);
    vi.advanceTimersByTime(200);
    expect(await probe.answers()).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('need not be asked without a connection, and is not kept', async () => {
    const { probe, asked, connections } = start();
    connections.ready = false;
    expect(await probe.answers()).toBe(false);
    expect(asked).toEqual([]);
    connections.ready = true;
    expect(await probe.answers()).toBe(true);
    connections.ready = false;
    expect(await probe.answers()).toBe(false);
  });
});
