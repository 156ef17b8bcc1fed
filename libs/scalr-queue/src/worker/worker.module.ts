import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { RedisEngineModule } from '../engine/redis/redis-engine.module.js';
import { ObservabilityModule } from '../observability/observability.module.js';
import { SchedulingModule } from '../scheduling/scheduling.module.js';
import { RetentionModule } from '../retention/retention.module.js';
import { TracingModule } from '../tracing/tracing.module.js';
import { AsideNotes } from '../engine/redis/aside.notes.js';
import { BlockWatch } from './block.watch.js';
import { CancelWatcher } from './cancel.watcher.js';
import { ForeignWorkers } from '../engine/redis/worker/foreign.workers.js';
import { FormerQueues } from './former.queues.js';
import { HandlerExplorer } from './handler.explorer.js';
import { HandlerProviders } from './handler.providers.js';
import { IdleHandlers } from './idle-handlers.js';
import { JobEventSource } from './job-event.source.js';
import { JobRunner } from './job.runner.js';
import { JobTally } from './job.tally.js';
import { LockRenewals } from './lock.renewals.js';
import { PingResponder } from './ping.responder.js';
import { ProcessorBridge } from './processor.bridge.js';
import { UnhandledJobs } from './put-aside.js';
import { RunningJobs } from './running.jobs.js';
import { ShutdownGate } from './shutdown.gate.js';
import { ThreadPools } from './thread/thread.pools.js';
import { WorkerFactory } from './worker.factory.js';
import { WorkerHeartbeat } from './worker.heartbeat.js';
import { WorkerPool } from './worker.pool.js';

/** Taking jobs out. Present in every process and asleep until `runWorker` starts the pool. */
@Module({
  imports: [
    RedisEngineModule,
    ObservabilityModule,
    RetentionModule,
    SchedulingModule,
    TracingModule,
    DiscoveryModule,
  ],
  providers: [
    AsideNotes,
    BlockWatch,
    CancelWatcher,
    ForeignWorkers,
    FormerQueues,
    HandlerExplorer,
    HandlerProviders,
    IdleHandlers,
    JobEventSource,
    JobRunner,
    JobTally,
    LockRenewals,
    PingResponder,
    ProcessorBridge,
    RunningJobs,
    ShutdownGate,
    ThreadPools,
    UnhandledJobs,
    WorkerFactory,
    WorkerHeartbeat,
    WorkerPool,
  ],
  exports: [WorkerPool, ShutdownGate, IdleHandlers, JobTally],
})
export class WorkerModule {}
