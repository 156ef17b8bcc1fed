import { Inject, Injectable } from '@nestjs/common';
import { DiscoveryService, ModuleRef } from '@nestjs/core';
import type { ResolvedOptions } from '../../../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../../../config/tokens.js';
import {
  type EngineWorker,
  type NativeProcessors,
  type RunJob,
  WorkerEngine,
  type WorkerHooks,
  type WorkerSettings,
} from '../../engine-worker.js';
import type { JobEffects } from '../../job-effects.js';
import type { StoredJob } from '../../stored-job.js';
import { BullRegistrations } from '../bull.registrations.js';
import { RedisConnections } from '../connection/redis.connections.js';
import { JobCounts } from './job.counts.js';
import { RedisJobEffects } from './job.effects.js';
import { JobLocks } from './job.locks.js';
import { Preflight } from '../preflight/preflight.js';
import { RedisCancelRequests } from './cancel-requests.js';
import { RedisJobRuns } from './job.runs.js';
import { ManagedWorker } from './managed.worker.js';
import { ProcessorBridge } from './processor.bridge.js';
import type { WorkerParts } from './worker.parts.js';

/** Runs jobs with BullMQ's workers. Nothing of it is connected, and no worker made, before `open` and `worker` are called. */
@Injectable()
export class RedisWorkerEngine extends WorkerEngine {
  readonly runs: RedisJobRuns;
  readonly cancels: RedisCancelRequests;
  readonly processors: NativeProcessors;
  private readonly parts: WorkerParts;

  constructor(
    private readonly connections: RedisConnections,
    private readonly preflight: Preflight,
    registrations: BullRegistrations,
    moduleRef: ModuleRef,
    discovery: DiscoveryService,
    @Inject(RESOLVED_OPTIONS) app: ResolvedOptions,
  ) {
    super();
    const locks = new JobLocks(connections, app);
    const counts = new JobCounts(connections, locks, app);
    this.parts = { connections, counts, locks, app };
    this.runs = new RedisJobRuns(this.parts);
    this.cancels = new RedisCancelRequests(connections, app);
    this.processors = new ProcessorBridge(moduleRef, discovery, registrations, this.parts);
  }

  /** BullMQ's workers are made late: one made while Redis refuses INFO is spoilt for the life of the process. */
  async open(drain: AbortSignal): Promise<void> {
    this.connections.worker();
    await this.connections.whenReady();
    await this.preflight.untilFit('worker', drain);
  }

  effects(job: StoredJob, token: string | undefined, force: AbortSignal): JobEffects {
    return new RedisJobEffects(this.parts, job, token, force);
  }

  worker(queue: string, run: RunJob, settings: WorkerSettings, hooks: WorkerHooks): EngineWorker {
    return new ManagedWorker(queue, run, settings, hooks, this.parts);
  }
}
