import type { Worker } from 'bullmq';
import { setTimeout as sleep } from 'node:timers/promises';

/** How often a worker that stands back looks whether others keep up. */
const LOOK_ON = 50;

/** Upstream: the connection of BullMQ's backend has all commands of ioredis; its type leaves these out. */
interface ListReader {
  llen(key: string): Promise<number>;
  zcard(key: string): Promise<number>;
}

/**
 * Lets others have a job that this worker has just deferred: its time would come here as well, and it would take the job again.
 * It looks on, and goes back to work where other jobs wait and nobody takes them.
 */
export class StandBack {
  /** Until then (epoch milliseconds) other workers are to have what comes into the queue. */
  until = 0;

  constructor(
    private readonly worker: Worker,
    /** From its abort on nothing is waited for. */
    private readonly drain: AbortSignal,
  ) {}

  async wait(): Promise<void> {
    let waited = false;
    while (Date.now() < this.until && !this.drain.aborted) {
      const client = (await this.worker.getBackend().client) as unknown as ListReader;
      const lists = await Promise.all([
        client.llen(this.worker.toKey('wait')),
        client.zcard(this.worker.toKey('prioritized')),
      ]);
      const waits = lists.some((length) => length > 0);
      if (waits && waited) return;
      waited = waits;
      await sleep(LOOK_ON, undefined, { signal: this.drain, ref: false }).catch(() => undefined);
    }
  }
}
