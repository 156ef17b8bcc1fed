import { Injectable } from '@nestjs/common';
import { OutboxParticipant } from '../durability/outbox.participant.js';
import { Retention } from '../retention/retention.service.js';
import { Scheduler } from '../scheduling/scheduler.js';
import { BlockWatch } from './block.watch.js';
import { CancelWatcher } from './cancel.watcher.js';
import { FormerQueues } from './former.queues.js';
import type { WorkerJobs } from './handler.selection.js';
import { QueueWorkers } from './queue.workers.js';
import { WorkerAnnouncement } from './worker.announcement.js';

/** What a worker does beside running jobs, from the moment its workers have started. */
@Injectable()
export class WorkerBackground {
  constructor(
    private readonly cancels: CancelWatcher,
    private readonly retention: Retention,
    private readonly blocks: BlockWatch,
    private readonly schedules: Scheduler,
    private readonly announcement: WorkerAnnouncement,
    private readonly former: FormerQueues,
    private readonly outbox: OutboxParticipant,
  ) {}

  /** As of `WorkerInfo`. */
  get workerId(): string {
    return this.announcement.identity.id;
  }

  /**
   * Starts, in this order: watching over the jobs that run, keeping finished ones, schedules, the heartbeat, former queues.
   * @param serve starts to take jobs from a queue that definitions had before
   */
  start(jobs: WorkerJobs, workers: QueueWorkers, serve: (queue: string) => void): void {
    const { handlers, queues } = jobs;
    const { announcement, schedules, former } = this;
    this.cancels.start();
    this.retention.watch(
      queues,
      [...handlers.values()].map(({ definition }) => definition),
    );
    schedules.introduce(announcement.identity, () => announcement.update());
    this.blocks.start(
      (name) => handlers.get(name)?.label,
      () => workers.jobs(),
    );
    schedules.start();
    announcement.start(
      jobs,
      () => former.names,
      () => schedules.declared,
    );
    this.outbox.startRelay();
    former.start(handlers, queues, (queue) => {
      serve(queue);
      announcement.update();
    });
  }

  /** The shutdown begins: plans nothing more, and says so. What watches over running jobs goes on. */
  drain(): void {
    this.schedules.stop();
    this.former.stop();
    this.outbox.stopRelay();
    this.announcement.update();
  }

  /** All running jobs have ended. */
  settle(): Promise<void> {
    return this.outbox.flush();
  }

  /** No job runs any more, or has time to. */
  stop(): void {
    this.cancels.stop();
    this.blocks.stop();
  }
}
