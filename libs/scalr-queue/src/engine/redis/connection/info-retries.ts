import { setTimeout as sleep } from 'node:timers/promises';
import { isRefusal } from './redis-error.js';
import type { RedisClient } from './redis.client.js';

const RETRY_DELAY_MS = 500;

/**
 * Upstream: BullMQ asks each connection of a worker once, with info(), which Redis this is. Refused (by the script of another app
 * that does not end, say), the connection is spoilt for the life of the process, and the worker takes no job again. So the question
 * is asked until it is answered. The ready check of ioredis, which passes a callback, hears the refusal: it connects anew.
 */
export function retryInfo(client: RedisClient, trouble: (error: Error) => void): void {
  const ask = client.info.bind(client) as (...args: unknown[]) => Promise<string>;
  const askUntilAnswered = async (...args: unknown[]): Promise<string> => {
    for (;;) {
      try {
        return await ask(...args);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        trouble(error as Error);
        await sleep(RETRY_DELAY_MS, undefined, { ref: false });
      }
    }
  };
  client.info = ((...args: unknown[]) =>
    typeof args.at(-1) === 'function' ? ask(...args) : askUntilAnswered(...args)) as never;
}
