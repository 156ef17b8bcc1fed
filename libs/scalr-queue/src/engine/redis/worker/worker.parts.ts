import type { ResolvedOptions } from '../../../config/resolved-options.js';
import type { RedisConnections } from '../connection/redis.connections.js';
import type { JobCounts } from './job.counts.js';
import type { JobLocks } from './job.locks.js';

/** What every worker of the process needs of the engine. */
export interface WorkerParts {
  readonly connections: RedisConnections;
  readonly counts: JobCounts;
  readonly locks: JobLocks;
  readonly app: ResolvedOptions;
}
