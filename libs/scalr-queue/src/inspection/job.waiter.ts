import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { QueueEvents } from 'bullmq';
import { setMaxListeners } from 'node:events';
import { DRAIN_DELAY_SECONDS } from '../connection/redis.client.js';
import { RedisConnections } from '../connection/redis.connections.js';
import { JobCancelledError, JobFailedError, WaitTimeoutError } from '../errors/outcome.errors.js';
import { QueueClosedError, QueueUnavailableError } from '../errors/enqueue.errors.js';
import type { JobInfo } from '../jobs/job-info.js';
import type { JobRef } from '../jobs/job-ref.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { RESOLVED_OPTIONS } from '../options/tokens.js';
import { toJobInfo } from './job-info.mapper.js';
import { JobReader, refParts } from './job.reader.js';

/**
 * How soon, and how often at the least, a wait looks at the job itself, in case its event was missed: the connection was
 * not up yet, or the stream was trimmed.
 */
const FIRST_LOOK = 50;
const LAST_LOOK = 1_000;
/** How long the event connection of a queue is kept when nobody waits any more. */
const IDLE = 10_000;

interface Watch {
  readonly events: QueueEvents;
  readonly waits: Map<string, Set<() => void>>;
  idleTimer?: NodeJS.Timeout;
}

/**
 * Waits for jobs to finish. However many waits there are, one connection per queue hears of the ends; the wait then looks
 * at the job itself, so a result that came before the wait, or whose event was lost, is found all the same.
 */
@Injectable()
export class JobWaiter implements OnApplicationShutdown {
  private readonly watches = new Map<string, Watch>();
  private readonly closing = new AbortController();

  constructor(
    private readonly reader: JobReader,
    private readonly connections: RedisConnections,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {
    // Every wait listens.
    setMaxListeners(0, this.closing.signal);
  }

  /** The result of the job; rejects with JobFailedError, JobCancelledError, WaitTimeoutError or QueueClosedError. */
  async wait(ref: JobRef, timeout: number): Promise<unknown> {
    const { id } = refParts(ref);
    const deadline = Date.now() + timeout;
    let wake: () => void = () => undefined;
    let unwatch: (() => void) | undefined;
    try {
      for (let pause = FIRST_LOOK; ; pause = Math.min(2 * pause, LAST_LOOK)) {
        const woken = new Promise<void>((resolve) => (wake = resolve));
        const found = await this.reader.find(ref).catch((error: unknown) => {
          // An outage is waited out: the job may finish meanwhile.
          if (!(error instanceof QueueUnavailableError) || Date.now() >= deadline) throw error;
          return 'unreachable' as const;
        });
        if (found === undefined)
          throw new JobFailedError(id, 'not-found', 'no such job is stored (any more)');
        if (found !== 'unreachable') {
          const info = toJobInfo(found);
          const ended = endOf(info);
          if (ended) return ended.result;
          unwatch ??= this.watch(info.queue, found.job.id ?? '', () => wake());
        }
        if (this.closing.signal.aborted)
          throw new QueueClosedError('stopped waiting: the application is shutting down');
        const left = deadline - Date.now();
        if (left <= 0) throw new WaitTimeoutError(id, timeout);
        await sleepUnless(woken, Math.min(left, pause), this.closing.signal);
      }
    } finally {
      unwatch?.();
    }
  }

  onApplicationShutdown(): void {
    this.closing.abort();
    this.watches.forEach(closeWatch);
    this.watches.clear();
  }

  private watch(queue: string, storedId: string, onEnd: () => void): () => void {
    const watch = this.watches.get(queue) ?? this.open(queue);
    clearTimeout(watch.idleTimer);
    const listeners = watch.waits.get(storedId) ?? new Set();
    watch.waits.set(storedId, listeners.add(onEnd));
    return () => {
      listeners.delete(onEnd);
      if (listeners.size === 0) watch.waits.delete(storedId);
      if (watch.waits.size > 0 || this.closing.signal.aborted) return;
      watch.idleTimer = setTimeout(() => {
        this.watches.delete(queue);
        closeWatch(watch);
      }, IDLE);
      watch.idleTimer.unref();
    };
  }

  private open(queue: string): Watch {
    const events = new QueueEvents(queue, {
      connection: this.connections.producer,
      blockingTimeout: DRAIN_DELAY_SECONDS * 1_000,
      prefix: this.options.prefix,
      // The events of long ago are of no use; what ended before is found by looking.
      lastEventId: '$',
    });
    const watch: Watch = { events, waits: new Map() };
    const onEnd = ({ jobId }: { jobId: string }) => watch.waits.get(jobId)?.forEach((wake) => wake());
    events.on('completed', onEnd).on('failed', onEnd);
    events.on('error', (error) => this.connections.log.trouble(error));
    this.watches.set(queue, watch);
    return watch;
  }
}

/**
 * What a finished job gives to those who wait for it; undefined while it is not finished.
 * @throws JobFailedError, JobCancelledError
 */
export function endOf({ id, state, result, reason, error }: JobInfo): { result: unknown } | undefined {
  if (state === 'completed') return { result };
  if (state !== 'dead') return undefined;
  if (reason === 'cancelled') throw new JobCancelledError(id);
  throw new JobFailedError(id, reason ?? 'attempts', error?.message ?? 'no error was recorded');
}

/** Not awaited for long: with Redis gone this never ends, and RedisConnections cuts the connection anyway. */
function closeWatch({ events, idleTimer }: Watch): void {
  clearTimeout(idleTimer);
  events.close().catch(() => undefined);
}

async function sleepUnless(woken: Promise<void>, ms: number, signal: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  await Promise.race([
    woken,
    new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
      onAbort = () => resolve();
      signal.addEventListener('abort', onAbort, { once: true });
    }),
  ]);
  clearTimeout(timer);
  if (onAbort) signal.removeEventListener('abort', onAbort);
}
