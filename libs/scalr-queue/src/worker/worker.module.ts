import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { ConnectionModule } from '../connection/connection.module.js';
import { CancelWatcher } from './cancel.watcher.js';
import { HandlerExplorer } from './handler.explorer.js';
import { JobRunner } from './job.runner.js';
import { ProcessorBridge } from './processor.bridge.js';
import { RunningJobs } from './running.jobs.js';
import { ShutdownGate } from './shutdown.gate.js';
import { WorkerFactory } from './worker.factory.js';
import { WorkerHeartbeat } from './worker.heartbeat.js';
import { WorkerPool } from './worker.pool.js';

/** Taking jobs out. Present in every process and asleep until `runWorker` starts the pool. */
@Module({
  imports: [ConnectionModule, DiscoveryModule],
  providers: [
    CancelWatcher,
    HandlerExplorer,
    JobRunner,
    ProcessorBridge,
    RunningJobs,
    ShutdownGate,
    WorkerFactory,
    WorkerHeartbeat,
    WorkerPool,
  ],
  exports: [WorkerPool, ShutdownGate],
})
export class WorkerModule {}
