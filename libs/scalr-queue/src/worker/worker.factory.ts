import { Inject, Injectable } from '@nestjs/common';
import type { WorkerOptions } from 'bullmq';
import { JobCounts } from '../engine/redis/job.counts.js';
import { JobLocks } from '../engine/redis/job.locks.js';
import { DRAIN_DELAY_SECONDS } from '../engine/redis/connection/redis.client.js';
import { isLockLost } from '../engine/redis/connection/lost-lock.js';
import { RedisConnections } from '../engine/redis/connection/redis.connections.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { Retention } from '../retention/retention.service.js';
import { Tracing } from '../tracing/tracing.js';
import { BlockWatch } from './block.watch.js';
import { attemptBackoff } from '../engine/attempt-failure.js';

import { ManagedWorker, type ManagedProcessor } from './managed.worker.js';
import { JobEventSource } from './job-event.source.js';
import { LockRenewals } from './lock.renewals.js';
import { PingResponder } from './ping.responder.js';
import { processName } from './process-identity.js';
import { RunningJobs } from './running.jobs.js';
import { ShutdownGate } from './shutdown.gate.js';
import type { WorkerParts } from './worker.parts.js';

/** Makes the engine's workers, with the settings that were measured to survive outages. */
@Injectable()
export class WorkerFactory {
  private readonly parts: WorkerParts;

  constructor(
    private readonly connections: RedisConnections,
    private readonly runningJobs: RunningJobs,
    gate: ShutdownGate,
    events: JobEventSource,
    pings: PingResponder,
    tracing: Tracing,
    counts: JobCounts,
    locks: JobLocks,
    renewals: LockRenewals,
    blocks: BlockWatch,
    private readonly retention: Retention,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {
    this.parts = {
      gate,
      events,
      pings,
      tracing,
      counts,
      locks,
      renewals,
      blocks,
      retention,
      running: runningJobs,
      // The test kit has none.
      get redis() {
        return connections.producer;
      },
    };
  }

  /** @param own what a `@Processor` class asks for; ours wins, but for its concurrency */
  create(
    queue: string,
    processor: ManagedProcessor,
    concurrency: number | undefined,
    own: Partial<WorkerOptions> = {},
  ): ManagedWorker {
    const worker = new ManagedWorker(
      queue,
      processor,
      { ...own, ...this.settings(queue, concurrency, own) },
      this.parts,
    );
    this.retention.watchForeign(queue, own);
    worker.on('error', (error) => {
      // A lost lock is not the fault of Redis, and has a line of its own.
      if (!isLockLost(error)) this.connections.log.trouble(error);
    });
    worker.on('lockRenewalFailed', (storedIds: string[]) => {
      for (const storedId of storedIds) this.loseLock(worker, storedId);
    });
    return worker;
  }

  private settings(
    queue: string,
    concurrency: number | undefined,
    own: Partial<WorkerOptions>,
  ): WorkerOptions {
    const { worker, queues, prefix } = this.options;
    return {
      connection: this.connections.worker(),
      prefix,
      name: processName(),
      concurrency: concurrency ?? queues.get(queue)?.concurrency ?? own.concurrency ?? worker.concurrency,
      lockDuration: worker.lockDuration,
      // Often, so that a lock has nearly all of its time left when an outage begins and the job is not run again after it.
      lockRenewTime: worker.lockDuration / 6,
      stalledInterval: worker.stalledInterval,
      maxStalledCount: worker.maxCrashes - 1,
      drainDelay: DRAIN_DELAY_SECONDS,
      // How soon a completion that Redis did not take is tried again; the engine's default is 15 s.
      runRetryDelay: 500,
      settings: { backoffStrategy: attemptBackoff },
    };
  }

  /** Another worker may run the job already: stop this run as soon as possible. */
  private loseLock(worker: ManagedWorker, storedId: string): void {
    worker.loseLock(storedId);
    const reason = new Error('the lock of the job was lost, it may run elsewhere');
    this.runningJobs.abort(worker.name, storedId, reason);
  }
}
