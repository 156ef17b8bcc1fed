import { Inject, Injectable } from '@nestjs/common';
import { QueueEvents } from 'bullmq';
import { DRAIN_DELAY_SECONDS } from './connection/redis.client.js';
import { QueueRegistry } from './queue.registry.js';
import { RedisConnections } from './connection/redis.connections.js';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../../config/tokens.js';
import type { JobEnd } from '../job-end.js';

/** How long the event connection of a queue is kept when nobody waits any more. */
const IDLE_TIMEOUT_MS = 10_000;

type Listener = (end: JobEnd) => void;

interface Watch {
  readonly waits: Map<string, Set<Listener>>;
  /** Resolves when every end from then on is heard. */
  readonly listening: Promise<void>;
  events?: QueueEvents;
  idleTimer?: NodeJS.Timeout;
  closed: boolean;
}

/** Hears of the ends of jobs: one connection per queue, however many wait, while anybody does. */
@Injectable()
export class EndWatch {
  private readonly watches = new Map<string, Watch>();
  private closed = false;

  constructor(
    private readonly connections: RedisConnections,
    private readonly queues: QueueRegistry,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  /**
   * Calls back when the job ends.
   * @returns what stops that, and a promise that resolves when ends are heard
   */
  listen(queue: string, storedId: string, onEnd: Listener): { stop: () => void; listening: Promise<void> } {
    const watch = this.watches.get(queue) ?? this.open(queue);
    clearTimeout(watch.idleTimer);
    const listeners = watch.waits.get(storedId) ?? new Set();
    watch.waits.set(storedId, listeners.add(onEnd));
    const stop = () => {
      listeners.delete(onEnd);
      if (listeners.size === 0) watch.waits.delete(storedId);
      if (watch.waits.size > 0 || this.closed) return;
      watch.idleTimer = setTimeout(() => {
        this.watches.delete(queue);
        close(watch);
      }, IDLE_TIMEOUT_MS);
      watch.idleTimer.unref();
    };
    return { stop, listening: watch.listening };
  }

  /** Hears of nothing any more. */
  close(): void {
    this.closed = true;
    this.watches.forEach(close);
    this.watches.clear();
  }

  private open(queue: string): Watch {
    const watch: Watch = {
      waits: new Map(),
      closed: false,
      listening: this.lastEventOf(queue).then((id) => this.begin(queue, id, watch)),
    };
    this.watches.set(queue, watch);
    return watch;
  }

  /** From a known place on: with none, the engine misses what happens between two of its reads. */
  private begin(queue: string, lastEventId: string, watch: Watch): void {
    if (watch.closed) return;
    const events = new QueueEvents(queue, {
      connection: this.connections.producer,
      blockingTimeout: DRAIN_DELAY_SECONDS * 1_000,
      prefix: this.options.prefix,
      lastEventId,
    });
    watch.events = events;
    const report = (storedId: string, end: JobEnd) => watch.waits.get(storedId)?.forEach((hear) => hear(end));
    events.on('completed', ({ jobId, returnvalue }) => report(jobId, { result: returnvalue }));
    events.on('failed', ({ jobId, failedReason }) => report(jobId, { failedReason }));
    events.on('error', (error) => {
      if (!watch.closed) this.connections.log.trouble(error);
    });
  }

  /** Where Redis does not answer, from then on when it does. */
  private async lastEventOf(queue: string): Promise<string> {
    const stream = this.queues.get(queue).toKey('events');
    const last = await this.connections.producer
      .xrevrange(stream, '+', '-', 'COUNT', 1)
      .catch(() => undefined);
    return last ? (last[0]?.[0] ?? '0-0') : '$';
  }
}

/** Not awaited for long: with Redis gone this never ends, and RedisConnections cuts the connection anyway. */
function close(watch: Watch): void {
  watch.closed = true;
  clearTimeout(watch.idleTimer);
  watch.events?.close().catch(() => undefined);
}
