import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { counted } from '../contract/counted.js';
import { describeProgram, otherPrograms } from '../contract/worker-info.js';
import { QueueEngine } from '../engine/queue.engine.js';
import type { WorkerJobs } from './handler.selection.js';
import { queuesOf } from './queue-selection.js';
import { QueueWorkers } from './queue.workers.js';
import { RunningJobs } from './running.jobs.js';
import { ShutdownController } from './shutdown.controller.js';
import { type WorkerActivity, WorkerHeartbeat } from './worker.heartbeat.js';

/** Running jobs that a heartbeat names. */
const MAX_ANNOUNCED_JOBS = 20;

/** Announces to the other processes of the app what this one can run and does, and warns where one is another program. */
@Injectable()
export class WorkerAnnouncement {
  private readonly logger = new Logger('ScalrQueue');

  constructor(
    private readonly heartbeat: WorkerHeartbeat,
    private readonly engine: QueueEngine,
    private readonly workers: QueueWorkers,
    private readonly running: RunningJobs,
    private readonly shutdown: ShutdownController,
    @Inject(RESOLVED_OPTIONS) private readonly app: ResolvedOptions,
  ) {}

  /** Of this process among the live workers. */
  get identity(): WorkerHeartbeat['identity'] {
    return this.heartbeat.identity;
  }

  /** Announces what has changed, in the background. */
  update(): void {
    this.heartbeat.beat();
  }

  /**
   * From now on this worker lives for the others, until its heartbeats stop.
   * @param formerQueues those that definitions had before and that are worked on too
   * @param schedulesBoot as of `WorkerInfo`
   */
  start(
    jobs: WorkerJobs,
    formerQueues: () => readonly string[],
    schedulesBoot: () => WorkerActivity['schedulesBoot'],
  ): void {
    this.announce(jobs, formerQueues, schedulesBoot);
    this.heartbeat.start();
    void this.warnOfOtherPrograms();
  }

  /** The first heartbeat, with the parameters of {@link start}. */
  announce(
    { handlers, queues: selected }: WorkerJobs,
    formerQueues: () => readonly string[] = () => [],
    schedulesBoot: () => WorkerActivity['schedulesBoot'] = () => undefined,
  ): void {
    const own = queuesOf(handlers);
    const queues = [...selected].toSorted();
    const jobs = [...handlers.values()].map(({ definition }) => definition);
    const handled = jobs
      .filter(({ queue }) => selected.has(queue))
      .map(({ name, queue }) => ({ name, queue }));
    const abilities = {
      jobs: handled.map(({ name }) => name),
      catchAllQueues: queues.filter((queue) => !own.has(queue)),
      handled,
      unselectedQueues: [...own].filter((queue) => !selected.has(queue)),
    };
    this.heartbeat.announce(() => ({
      ...abilities,
      queues: [...queues, ...formerQueues()],
      running: this.workers.runningCount,
      runningJobs: this.running.first(MAX_ANNOUNCED_JOBS),
      draining: this.shutdown.draining,
      schedulesBoot: schedulesBoot(),
    }));
  }

  /** Two programs under one name take each other's jobs. */
  private async warnOfOtherPrograms(): Promise<void> {
    const self = this.heartbeat.identity;
    const workers = await this.engine.workers.list().catch(() => []);
    const [other, ...more] = otherPrograms(self, workers);
    if (!other) return;
    this.logger.warn(
      `Two programs use the name "${this.app.app}": this one (${describeProgram(self)}) and ${describeProgram(other)}` +
        `${more.length > 0 ? `, and ${counted(more.length, 'more worker')}` : ''}. They take each other's jobs: give one of them another SCALR_APP.`,
    );
  }
}
