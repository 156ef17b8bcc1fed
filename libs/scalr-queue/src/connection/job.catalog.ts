import { Inject, Injectable } from '@nestjs/common';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { RESOLVED_OPTIONS } from '../options/tokens.js';
import { RedisConnections } from './redis.connections.js';

/** A job as far as finding it goes. */
export interface CatalogEntry {
  readonly name: string;
  readonly queue: string;
}

const REWRITE_AFTER = 60_000;
const CACHE = 2_000;

/**
 * Which jobs the app has and in which queues they wait, over all its processes: how a job is found by its id alone.
 * Written by whoever enqueues or handles a job, now and then again in case Redis was emptied.
 */
@Injectable()
export class JobCatalog {
  /** Not a name that a queue can have. */
  private readonly key: string;
  private readonly local = new Map<string, { queue: string; writtenAt: number }>();
  private remote: Promise<Record<string, string>> = Promise.resolve({});
  private remoteAt = -Infinity;

  constructor(
    private readonly connections: RedisConnections,
    @Inject(RESOLVED_OPTIONS) options: ResolvedOptions,
  ) {
    this.key = `${options.prefix}:~jobs`;
  }

  /** Remembers a job; writes it in the background. */
  record({ name, queue }: CatalogEntry): void {
    const known = this.local.get(name);
    const now = Date.now();
    if (known?.queue === queue && now - known.writtenAt < REWRITE_AFTER) return;
    this.local.set(name, { queue, writtenAt: now });
    this.connections.producer.hset(this.key, name, queue).catch(() => {
      this.local.set(name, { queue, writtenAt: -Infinity });
    });
  }

  /** All jobs known to any process of the app. */
  async entries(): Promise<CatalogEntry[]> {
    const now = Date.now();
    if (now - this.remoteAt > CACHE) {
      this.remoteAt = now;
      this.remote = this.connections.producer.hgetall(this.key);
      this.remote.catch(() => (this.remoteAt = -Infinity));
    }
    const names = new Map(Object.entries(await this.remote));
    for (const [name, { queue }] of this.local) names.set(name, queue);
    return [...names].map(([name, queue]) => ({ name, queue }));
  }
}
