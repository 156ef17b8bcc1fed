import { HooksModule } from '../hooks/hooks.module.js';
import { InspectionModule } from '../inspection/inspection.module.js';
import { HistoryModule } from '../history/history.module.js';
import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { DurabilityModule } from '../durability/durability.module.js';
import { ObservabilityModule } from '../observability/observability.module.js';
import { SchedulingModule } from '../scheduling/scheduling.module.js';
import { RetentionModule } from '../retention/retention.module.js';
import { SharedModule } from '../shared/shared.module.js';
import { TracingModule } from '../tracing/tracing.module.js';
import { BlockWatch } from './block.watch.js';
import { CancelWatcher } from './cancel.watcher.js';
import { FormerQueues } from './former.queues.js';
import { DeadFollowUps } from './dead.follow-ups.js';
import { HandlerEnhancers } from './handler.enhancers.js';
import { HandlerExplorer } from './handler.explorer.js';
import { HandlerProviders } from './handler.providers.js';
import { HandlerSelection } from './handler.selection.js';
import { IdleHandlers } from './idle-handlers.js';
import { FingerprintOverride } from './fingerprint.override.js';
import { JobEventSource } from './job-event.source.js';
import { JobReporter } from './job.reporter.js';
import { JobRunner } from './job.runner.js';
import { JobCounters } from './job.counters.js';
import { UnhandledJobs } from './unhandled.jobs.js';
import { QueueWorkers } from './queue.workers.js';
import { RunningJobs } from './running.jobs.js';
import { ShutdownController } from './shutdown.controller.js';
import { ThreadPools } from './thread/thread.pools.js';
import { WorkerAnnouncement } from './worker.announcement.js';
import { WorkerBackground } from './worker.background.js';
import { WorkerHeartbeat } from './worker.heartbeat.js';
import { WorkerPool } from './worker.pool.js';

/** Taking jobs out. Present in every process and asleep until `runWorker` starts the pool. */
@Module({
  imports: [
    DurabilityModule,
    HistoryModule,
    HooksModule,
    InspectionModule,
    ObservabilityModule,
    RetentionModule,
    SchedulingModule,
    SharedModule,
    TracingModule,
    DiscoveryModule,
  ],
  providers: [
    BlockWatch,
    CancelWatcher,
    FormerQueues,
    DeadFollowUps,
    HandlerEnhancers,
    HandlerExplorer,
    HandlerProviders,
    HandlerSelection,
    IdleHandlers,
    FingerprintOverride,
    JobEventSource,
    JobReporter,
    JobRunner,
    QueueWorkers,
    JobCounters,
    RunningJobs,
    ShutdownController,
    ThreadPools,
    UnhandledJobs,
    WorkerAnnouncement,
    WorkerBackground,
    WorkerHeartbeat,
    WorkerPool,
  ],
  exports: [WorkerPool, ShutdownController, IdleHandlers, JobCounters],
})
export class WorkerModule {}
