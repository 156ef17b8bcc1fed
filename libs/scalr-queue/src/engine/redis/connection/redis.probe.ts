import { reachKey } from '../keys.js';
import { Inject, Injectable } from '@nestjs/common';
import type { ResolvedOptions } from '../../../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../../../config/tokens.js';
import { settlesWithin } from '../../deadline.js';
import { RedisConnections } from './redis.connections.js';

const READ_INTERVAL_MS = 1_000;
const READ_TIMEOUT_MS = 800;

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
    if (!this.running || now - this.startedAt >= READ_INTERVAL_MS) {
      this.startedAt = now;
      this.running = this.read();
    }
    return this.running;
  }

  private async read(): Promise<boolean> {
    const read = this.connections.producer.exists(this.key).then(
      () => true,
      () => false,
    );
    return (await settlesWithin(read, READ_TIMEOUT_MS)) && read;
  }
}
