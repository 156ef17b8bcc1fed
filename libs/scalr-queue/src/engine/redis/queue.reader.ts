import { Inject, Injectable } from '@nestjs/common';
import { RedisConnections } from './connection/redis.connections.js';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../../config/tokens.js';
import { type QueueState, readStates } from './queue-states.js';

/** Reads the state of queues. */
@Injectable()
export class QueueReader {
  constructor(
    private readonly connections: RedisConnections,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  /** The state of all the queues, in one round trip. */
  states(names: readonly string[]): Promise<QueueState[]> {
    const { producer, damaged } = this.connections;
    return readStates(producer, this.options.prefix, names, damaged.note);
  }
}
