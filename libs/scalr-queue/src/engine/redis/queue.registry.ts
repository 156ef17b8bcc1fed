import { Inject, Injectable } from '@nestjs/common';
import { Queue, type QueueOptions } from 'bullmq';
import { EVENT_STREAM_LENGTH } from '../../contract/defaults.js';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../../config/tokens.js';
import { RedisConnections } from './connection/redis.connections.js';

/** The engine's queues, one per name, all over the one connection that fails fast. */
@Injectable()
export class QueueRegistry {
  private readonly queues = new Map<string, Queue>();
  private readonly limited = new Set<string>();

  constructor(
    readonly connections: RedisConnections,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {
    if (options.looksOnly) return;
    // Redis may have been down, or emptied, since the settings were last written.
    this.connections.producer.on('ready', () => {
      for (const queue of this.queues.values()) void this.attempt(() => limitEvents(queue));
      for (const name of this.limited) void this.writeLimits(name);
    });
  }

  get(name: string): Queue {
    let queue = this.queues.get(name);
    if (!queue) {
      queue = new Queue(name, queueOptions(this.connections, this.options));
      queue.on('error', (error) => this.connections.log.trouble(error));
      this.queues.set(name, queue);
    }
    return queue;
  }

  /** Names of the queues that this process has used or that the options name. */
  names(): string[] {
    return [...new Set([...this.options.queues.keys(), ...this.queues.keys()])];
  }

  /** Writes the limits that hold over all worker processes, and again after each outage; they live in Redis. */
  async writeLimits(name: string): Promise<void> {
    this.limited.add(name);
    const queue = this.get(name);
    const { globalConcurrency, rateLimit } = this.options.queues.get(name) ?? {};
    await this.attempt(async () => {
      await (globalConcurrency
        ? queue.setGlobalConcurrency(globalConcurrency)
        : queue.removeGlobalConcurrency());
      await (rateLimit
        ? queue.setGlobalRateLimit(rateLimit.max, rateLimit.per)
        : queue.removeGlobalRateLimit());
    });
  }

  private async attempt(write: () => Promise<unknown>): Promise<void> {
    try {
      await write();
    } catch (error) {
      this.connections.log.trouble(error as Error);
    }
  }
}

function limitEvents(queue: Queue): Promise<number> {
  return queue.getBackend().setQueueMeta({ 'opts.maxLenEvents': EVENT_STREAM_LENGTH });
}

/**
 * Options of every producing queue, also of those that classes of @nestjs/bullmq inject. Both skip flags together make
 * `add` fail fast when Redis is down at boot and recover when it is back; either one alone does not.
 */
export function queueOptions(connections: RedisConnections, options: ResolvedOptions): QueueOptions {
  return {
    connection: connections.producer,
    prefix: options.prefix,
    skipVersionCheck: true,
    skipWaitingForReady: true,
    skipMetasUpdate: options.looksOnly,
    streams: { events: { maxLen: EVENT_STREAM_LENGTH } },
  };
}
