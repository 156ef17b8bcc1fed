import { Inject, Injectable } from '@nestjs/common';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { RESOLVED_OPTIONS } from '../options/tokens.js';
import { ANY_NAME, catalogKey, type CatalogEntry, entryOf, fieldOf } from './catalog-entry.js';
import { RedisConnections } from './redis.connections.js';

const REWRITE_AFTER = 60_000;
const CACHE = 2_000;

/**
 * Which jobs the app has and in which queues they wait, over all its processes: how a job is found by its id alone.
 * Written by whoever enqueues or handles a job, now and then again in case Redis was emptied.
 */
@Injectable()
export class JobCatalog {
  private readonly key: string;
  private readonly local = new Map<string, { entry: CatalogEntry; writtenAt: number }>();
  private remote: Promise<Record<string, string>> = Promise.resolve({});
  private remoteAt = -Infinity;

  constructor(
    private readonly connections: RedisConnections,
    @Inject(RESOLVED_OPTIONS) options: ResolvedOptions,
  ) {
    this.key = catalogKey(options.prefix);
    // What was recorded before the first connect, or is lost since the last one.
    this.connections.producer.on('ready', () => {
      for (const { entry } of this.local.values()) this.write(entry);
    });
  }

  /** Remembers a job; writes it in the background. */
  record({ name, queue }: CatalogEntry): void {
    const known = this.local.get(fieldOf(name, queue));
    if (known && Date.now() - known.writtenAt < REWRITE_AFTER) return;
    this.write({ name, queue });
  }

  /** Remembers a queue that other code adds jobs to. */
  recordQueue(queue: string): void {
    this.record({ name: ANY_NAME, queue });
  }

  /** Whether this process has a definition of that name. */
  knows(name: string): boolean {
    return [...this.local.values()].some(({ entry }) => entry.name === name);
  }

  /**
   * All jobs known to any process of the app.
   * @param maxAge how old, in milliseconds, what other processes wrote may be
   */
  async entries(maxAge = CACHE): Promise<CatalogEntry[]> {
    const now = Date.now();
    if (now - this.remoteAt > maxAge) {
      this.remoteAt = now;
      this.remote = this.connections.producer.hgetall(this.key);
      this.remote.catch(() => (this.remoteAt = -Infinity));
    }
    const fields = new Set([...Object.keys(await this.remote), ...this.local.keys()]);
    return [...fields].map(entryOf);
  }

  private write(entry: CatalogEntry): void {
    const field = fieldOf(entry.name, entry.queue);
    this.local.set(field, { entry, writtenAt: Date.now() });
    this.connections.producer.hset(this.key, field, 1).catch(() => {
      this.local.set(field, { entry, writtenAt: -Infinity });
    });
  }
}
