import { hostname } from 'node:os';
import type { WorkerOptions } from 'bullmq';
import { attemptBackoff } from '../../attempt-failure.js';
import { DRAIN_DELAY_SECONDS } from '../connection/redis.client.js';
import type { WorkerParts } from './worker.parts.js';

/** What a `@Processor` class asks of its worker. */
export type NativeOptions = Partial<WorkerOptions>;

/**
 * The settings of BullMQ's worker that were measured to survive outages.
 * @param own what a `@Processor` class asks for; ours wins, but for its concurrency
 */
export function workerOptions(
  { connections, app }: WorkerParts,
  queue: string,
  concurrency: number | undefined,
  own: NativeOptions = {},
): WorkerOptions {
  const { worker, queues, prefix } = app;
  return {
    ...own,
    connection: connections.worker(),
    prefix,
    name: processName(),
    concurrency: concurrency ?? queues.get(queue)?.concurrency ?? own.concurrency ?? worker.concurrency,
    lockDuration: worker.lockDuration,
    // Often, so that a lock has nearly all of its time left when an outage begins and the job is not run again after it.
    lockRenewTime: worker.lockDuration / 6,
    stalledInterval: worker.stalledInterval,
    maxStalledCount: worker.maxCrashes - 1,
    drainDelay: DRAIN_DELAY_SECONDS,
    // How soon a completion that Redis did not take is tried again; the engine's default is 15 s.
    runRetryDelay: 500,
    settings: { backoffStrategy: attemptBackoff },
    autorun: false,
  };
}

/** The name of this process on the platform: host and pid, of characters that fit into a key. */
const processName = (): string => `${hostname()}.${process.pid}`.replace(/[^A-Za-z0-9_.-]/g, '-');
