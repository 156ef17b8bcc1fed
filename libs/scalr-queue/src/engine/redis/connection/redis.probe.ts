import { reachKey } from '../keys.js';
import { Inject, Injectable } from '@nestjs/common';
import type { ResolvedOptions } from '../../../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../../../config/tokens.js';
import { RedisConnections } from './redis.connections.js';

const CACHE = 1_000;
const TIMEOUT = 800;

/**
 * Whether Redis answers, for health checks: at most one read at a time and one a second, however many ask,
 * and an answer within 800 ms, whatever Redis does.
 */
@Injectable()
export class RedisProbe {
  private running?: Promise<boolean>;
  private startedAt = -Infinity;

  /** Of the app: in a cluster the node with its slot has to answer. */
  private readonly key: string;

  constructor(
    private readonly connections: RedisConnections,
    @Inject(RESOLVED_OPTIONS) { prefix }: ResolvedOptions,
  ) {
    this.key = reachKey(prefix);
  }

  answers(): Promise<boolean> {
    // Costs nothing to know, so it is never kept: a process becomes ready the moment it is connected.
    if (!this.connections.ready) return Promise.resolve(false);
    const now = performance.now();
    if (!this.running || now - this.startedAt >= CACHE) {
      this.startedAt = now;
      this.running = this.read();
    }
    return this.running;
  }

  private async read(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    try {
      const late = new Promise<boolean>((resolve) => {
        timer = setTimeout(() => resolve(false), TIMEOUT);
      });
      return await Promise.race([this.connections.producer.exists(this.key).then(() => true), late]);
    } catch {
      return false;
    } finally {
      clearTimeout(timer);
    }
  }
}
