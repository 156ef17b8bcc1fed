import { retryInfo } from './info-retries.js';
import type { RedisClient } from './redis.client.js';

/** A connection whose answers to INFO are these, one after the other. */
function start(...answers: (string | Error)[]) {
  const asked: unknown[][] = [];
  const info = (...args: unknown[]) => {
    asked.push(args);
    const answer = answers.shift() ?? 'redis_version:7.0.0';
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  const client = { info };
  const told: string[] = [];
  retryInfo(client as unknown as RedisClient, ({ message }) => void told.push(message));
  return { client, asked, told };
}

const BUSY = new Error('BUSY Redis is busy running a script.');

describe('the question which Redis this is', () => {
  it('is asked until it is answered, after a pause, which keeps no process alive, and each refusal is told', async () => {
    const { client, asked, told } = start(BUSY);
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const begun = performance.now();
    const answer = client.info('server');
    await new Promise(setImmediate);
    expect(timers()).toBeLessThanOrEqual(before);
    expect(asked).toHaveLength(1);
    expect(await answer).toBe('redis_version:7.0.0');
    expect(performance.now() - begun).toBeGreaterThan(450);
    expect(asked).toEqual([['server'], ['server']]);
    expect(told).toEqual([BUSY.message]);
  });

  it('is not asked again where the connection is lost', async () => {
    const { client, asked, told } = start(new Error('Connection is closed.'));
    await expect(client.info()).rejects.toThrow('Connection is closed.');
    expect(asked).toHaveLength(1);
    expect(told).toEqual([]);
  });

  it('is not asked again for the client itself, which connects anew', async () => {
    const { client, asked } = start(BUSY);
    await expect(client.info('server', () => undefined)).rejects.toThrow('BUSY');
    expect(asked).toHaveLength(1);
  });
});
