import { Inject, Injectable } from '@nestjs/common';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../../config/tokens.js';
import type { PreparedJob } from '../prepared-job.js';
import type { ContestedAdd, JobIntake } from '../queue.engine.js';
import { AddBatches } from './add.batches.js';
import { BacklogGuard } from './backlog.guard.js';
import { RedisConnections } from './connection/redis.connections.js';
import { EngineAdds } from './engine.adds.js';
import { usesFastPath } from './fast-path.js';
import { endedKey, queueKey, queuePrefix, schedulesKey } from './keys.js';
import { QueueRegistry } from './queue.registry.js';
import { insertArguments, insertKeys } from './scripts/insert-job.script.js';
import { ADD_SLOT } from './scripts/slot-add.script.js';

/** Adds jobs to queues. Each method is one write; what it rejects with is the error of the connection or of Redis. */
@Injectable()
export class JobAdder implements JobIntake {
  private readonly backlog: BacklogGuard;
  private readonly batches: AddBatches;
  /** In the place of the batches, where the fast path is not used. */
  private readonly engineAdds?: EngineAdds;

  constructor(
    private readonly connections: RedisConnections,
    queues: QueueRegistry,
    @Inject(RESOLVED_OPTIONS) private readonly app: ResolvedOptions,
  ) {
    this.backlog = new BacklogGuard(connections, queues, app);
    this.batches = new AddBatches(connections, app);
    if (!usesFastPath(app)) this.engineAdds = new EngineAdds(queues);
  }

  admit(queue: string, jobs: number): Promise<void> | undefined {
    return this.backlog.admit(queue, jobs);
  }

  /** Adds a job whose id is new, in one call with others that are added in the same turn of the event loop. */
  add(job: PreparedJob): Promise<unknown> {
    if (!this.engineAdds) return this.batches.add(job);
    this.batches.flush(job.queue);
    return this.engineAdds.add(job);
  }

  async addAll(jobs: readonly PreparedJob[]): Promise<(Error | undefined)[]> {
    if (this.engineAdds) {
      this.batches.flush(jobs[0]!.queue);
      return this.engineAdds.addAll(jobs);
    }
    const added = await Promise.allSettled(jobs.map((job) => this.batches.add(job)));
    return added.map((one) => (one.status === 'rejected' ? (one.reason as Error) : undefined));
  }

  withdraw(job: PreparedJob): boolean {
    return this.batches.withdraw(job);
  }

  /**
   * Adds a job whose id or unique key may be taken: the look and the write in one step, and one call with others as above.
   * @param former queues that its definition had before, whose jobs and keys count too
   */
  addContested(job: PreparedJob, former: readonly string[]): Promise<ContestedAdd> {
    return this.batches.addContested(job, former);
  }

  /**
   * Adds the job of a slot and notes the slot with the schedule, both or neither; a job that is there, or was, stays as it is.
   * @param slot epoch milliseconds
   */
  async addSlot(job: PreparedJob, schedule: string, slot: number): Promise<void> {
    const { name, queue, json, options } = job;
    this.batches.flush(queue);
    const { prefix } = this.app;
    const own = queuePrefix(prefix, queue);
    await ADD_SLOT.run(
      this.connections.producer,
      [
        queueKey(prefix, queue, options.jobId),
        schedulesKey(prefix),
        endedKey(prefix, options.jobId),
        ...insertKeys(own),
      ],
      [`last:${schedule}`, slot, ...insertArguments(own, name, json, options)],
    );
  }
}
