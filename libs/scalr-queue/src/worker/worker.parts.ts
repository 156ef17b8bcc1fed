import type { JobCounts } from '../engine/redis/job.counts.js';
import type { JobLocks } from '../engine/redis/job.locks.js';
import type { RedisClient } from '../engine/redis/connection/redis.client.js';
import type { Retention } from '../retention/retention.service.js';
import type { Tracing } from '../tracing/tracing.js';
import type { BlockWatch } from './block.watch.js';
import type { JobEventSource } from './job-event.source.js';
import type { LockRenewals } from './lock.renewals.js';
import type { PingResponder } from './ping.responder.js';
import type { RunningJobs } from './running.jobs.js';
import type { ShutdownGate } from './shutdown.gate.js';

/** What a worker needs beside the engine. */
export interface WorkerParts {
  readonly gate: ShutdownGate;
  readonly events: JobEventSource;
  readonly pings: PingResponder;
  readonly tracing: Tracing;
  readonly counts: JobCounts;
  readonly locks: JobLocks;
  readonly renewals: LockRenewals;
  readonly blocks: BlockWatch;
  readonly retention: Retention;
  readonly running: RunningJobs;
  /** Fails fast. */
  readonly redis: RedisClient;
}
