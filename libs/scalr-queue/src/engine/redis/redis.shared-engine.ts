import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../../config/tokens.js';
import { type LimitStore, type LockStore, SharedEngine } from '../shared.engine.js';
import { RedisCastStream } from './cast.stream.js';
import { RedisConnections } from './connection/redis.connections.js';
import { RedisLimits } from './redis.limits.js';
import { RedisLocks } from './redis.locks.js';

/** Limiters, locks and casts of an app in Redis, all in the slot of the app. */
@Injectable()
export class RedisSharedEngine extends SharedEngine implements OnApplicationShutdown {
  readonly limits: LimitStore;
  readonly locks: LockStore;
  readonly casts: RedisCastStream;

  constructor(connections: RedisConnections, @Inject(RESOLVED_OPTIONS) app: ResolvedOptions) {
    super();
    this.limits = new RedisLimits(connections, app);
    this.locks = new RedisLocks(connections, app);
    this.casts = new RedisCastStream(connections, app);
  }

  onApplicationShutdown(): void {
    this.casts.close();
  }
}
