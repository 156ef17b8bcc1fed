import { Injectable, Logger } from '@nestjs/common';
import { WorkerEngine } from '../engine/engine-worker.js';
import { QueueEngine } from '../engine/queue.engine.js';
import { Scheduler } from '../scheduling/scheduler.js';
import { DefinitionLimits } from '../shared/definition.limits.js';
import { JobHooks } from '../hooks/job.hooks.js';
import { HandlerExplorer, type JobHandler } from './handler.explorer.js';
import { selectQueues } from './queue-selection.js';

/** What a worker works on. */
export interface WorkerJobs {
  /** All handlers of the process by name of the job, also of queues that it leaves alone. */
  readonly handlers: ReadonlyMap<string, JobHandler>;
  readonly queues: ReadonlySet<string>;
}

/** Finds what the worker is to work on, and makes it known to the other processes of the app. */
@Injectable()
export class HandlerSelection {
  private readonly logger = new Logger('ScalrQueue');

  constructor(
    private readonly explorer: HandlerExplorer,
    private readonly hooks: JobHooks,
    private readonly schedules: Scheduler,
    private readonly engine: QueueEngine,
    private readonly workers: WorkerEngine,
    private readonly limits: DefinitionLimits,
  ) {}

  /**
   * Finds the handlers and checks their schedules and limiters.
   * @throws DuplicateHandlerError, QueueConfigError
   */
  async explore(): Promise<ReadonlyMap<string, JobHandler>> {
    await this.hooks.prepareRuns();
    const handlers = this.explorer.explore();
    this.limits.check([...handlers.values()].map(({ definition }) => definition));
    await this.schedules.prepare(handlers.values());
    return handlers;
  }

  /**
   * @param wanted the only queues to work on
   * @throws QueueConfigError
   */
  select(handlers: ReadonlyMap<string, JobHandler>, wanted: readonly string[] | undefined): WorkerJobs {
    const bridged = this.workers.processors.queues();
    if (handlers.size + bridged.length === 0)
      this.logger.warn(
        'This worker has no handler and will run no jobs: no provider of its module has a method with @ProcessJob. ' +
          'Import the modules with the handlers into the module given to runWorker.',
      );
    const queues = selectQueues(handlers, wanted, bridged);
    for (const { definition } of handlers.values()) this.engine.types.record(definition);
    for (const queue of bridged) this.engine.types.recordQueue(queue);
    return { handlers, queues };
  }
}
