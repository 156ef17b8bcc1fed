import { Injectable } from '@nestjs/common';
import type { LockLostCause } from '../contract/lock-lost-cause.js';
import type { EndingJob, WorkerHooks } from '../engine/engine-worker.js';
import type { StoredJob } from '../engine/stored-job.js';
import { Retention } from '../retention/retention.service.js';
import { SlotOutcomes } from '../scheduling/slot.outcomes.js';
import { Tracing } from '../tracing/tracing.js';
import { BlockWatch } from './block.watch.js';
import { JobEventSource } from './job-event.source.js';
import { DeadFollowUps } from './dead.follow-ups.js';
import { RunningJobs } from './running.jobs.js';
import { ShutdownController } from './shutdown.controller.js';

/** What the engine's workers of this process say of their jobs, and whom it concerns. */
@Injectable()
export class JobReporter implements WorkerHooks {
  readonly drain: AbortSignal;
  readonly force: AbortSignal;
  readonly dying: WorkerHooks['dying'];

  constructor(
    private readonly shutdown: ShutdownController,
    private readonly events: JobEventSource,
    private readonly tracing: Tracing,
    private readonly blocks: BlockWatch,
    private readonly retention: Retention,
    private readonly running: RunningJobs,
    private readonly slots: SlotOutcomes,
    followUps: DeadFollowUps,
  ) {
    this.drain = shutdown.drainSignal;
    this.force = shutdown.forceSignal;
    this.dying = followUps.dying;
  }

  attempt(job: StoredJob, run: () => Promise<unknown>): Promise<unknown> {
    return this.tracing.attempt(job, run);
  }

  started(job: StoredJob): void {
    this.events.started(job);
  }

  ran(job: StoredJob): void {
    this.blocks.passed(job);
  }

  ended(job: StoredJob): void {
    this.shutdown.countEnd(job);
  }

  ending(job: EndingJob): void {
    this.retention.settle(job);
  }

  completed(job: StoredJob): void {
    this.events.completed(job);
    this.slots.completed(job);
  }

  failed(job: StoredJob, error: Error): void {
    this.events.failed(job, error);
    this.slots.failed(job, error);
  }

  deferred(job: StoredJob): void {
    this.events.postponed(job);
  }

  released(job: StoredJob): void {
    this.shutdown.countReleased(job);
    this.events.released(job);
  }

  unsettled(job: StoredJob): void {
    this.shutdown.countAbandoned(job);
  }

  lockLost(job: StoredJob, cause: LockLostCause, isRunning: boolean): void {
    this.events.lockLost(job, cause);
    if (!isRunning) return;
    const reason = new Error('the lock of the job was lost, it may run elsewhere');
    this.running.abort(job.queueName, job.id ?? '', reason);
  }

  stalled(queue: string, storedId: string): void {
    this.events.stalled(queue, storedId);
  }

  dataMissing(job: StoredJob): void {
    this.events.dataMissing(job);
  }

  hasBegun({ queueName, id = '' }: StoredJob): boolean {
    return this.running.hasBegun(queueName, id);
  }

  turnedSince(begin: number): boolean {
    return this.blocks.turnedSince(begin);
  }
}
