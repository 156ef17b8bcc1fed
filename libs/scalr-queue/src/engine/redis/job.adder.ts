import { Inject, Injectable } from '@nestjs/common';
import type { JobJson } from 'bullmq';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../../config/tokens.js';
import { conflictOf, type PreparedJob } from '../prepared-job.js';
import type { ContestedAdd, JobIntake } from '../queue.engine.js';
import { BacklogGuard } from './backlog.guard.js';
import { RedisConnections } from './connection/redis.connections.js';
import { endedKey, queueKey, queuePrefix, schedulesKey } from './keys.js';
import { QueueRegistry } from './queue.registry.js';
import { ADD_CONTESTED } from './scripts/contested-add.script.js';
import { insertArguments, insertKeys } from './scripts/insert-job.script.js';
import { ADD_SLOT } from './scripts/slot-add.script.js';

const NO_PARENT = { parentDependenciesKey: '' };

/** Adds jobs to queues. Each method is one write; what it rejects with is the error of the connection or of Redis. */
@Injectable()
export class JobAdder implements JobIntake {
  private readonly backlog: BacklogGuard;

  constructor(
    private readonly connections: RedisConnections,
    private readonly queues: QueueRegistry,
    @Inject(RESOLVED_OPTIONS) private readonly app: ResolvedOptions,
  ) {
    this.backlog = new BacklogGuard(connections, queues, app);
  }

  admit(queue: string, jobs: number): Promise<void> | undefined {
    return this.backlog.admit(queue, jobs);
  }

  /** Adds a job whose id is new. */
  add(job: PreparedJob): Promise<unknown> {
    return this.queues.get(job.queue).getBackend().addJob(recordOf(job), job.options.jobId, NO_PARENT);
  }

  /**
   * Adds jobs of one queue whose ids are new, in one write. The engine's `addJobs` tells only of the first that was refused; others
   * have got through.
   * @returns for each what went wrong
   */
  async addAll(jobs: readonly PreparedJob[]): Promise<(Error | undefined)[]> {
    const backend = this.queues.get(jobs[0]!.queue).getBackend();
    const pipeline = (await backend.client).pipeline();
    for (const job of jobs)
      void backend.addJobToTransaction(pipeline, recordOf(job), job.options.jobId, NO_PARENT);
    const replies = (await pipeline.exec()) ?? [];
    return jobs.map((_job, at) => {
      const [error] = replies[at] ?? [new Error('no answer')];
      return error ?? undefined;
    });
  }

  /**
   * Adds a job whose id or unique key may be taken: the look and the write in one step.
   * @param former queues that its definition had before, whose jobs and keys count too
   */
  async addContested(job: PreparedJob, former: readonly string[]): Promise<ContestedAdd> {
    const { name, queue, json, options, memory = '' } = job;
    const { prefix } = this.app;
    const { id: key = '', ttl = 0 } = options.deduplication ?? {};
    const own = queuePrefix(prefix, queue);
    const [status, storedId, place = 0] = (await ADD_CONTESTED.run(
      this.connections.producer,
      [queueKey(prefix, queue, options.jobId), endedKey(prefix, options.jobId), ...insertKeys(own)],
      [
        ...insertArguments(own, name, json, options),
        key,
        ttl,
        conflictOf(job),
        memory,
        ...former.map((one) => queuePrefix(prefix, one)),
      ],
    )) as [ContestedAdd['status'], string, number?];
    return { status, storedId, ...(place > 0 ? { former: former[place - 1]! } : {}) };
  }

  /**
   * Adds the job of a slot and notes the slot with the schedule, both or neither; a job that is there, or was, stays as it is.
   * @param slot epoch milliseconds
   */
  async addSlot(job: PreparedJob, schedule: string, slot: number): Promise<void> {
    const { name, queue, json, options } = job;
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

/** What the engine's own `add` would hand to its backend: the payload is JSON already, and goes as it is. A unique job is contested. */
function recordOf({ name, json, options }: PreparedJob): JobJson {
  return {
    id: options.jobId,
    name,
    data: json,
    opts: options,
    timestamp: options.timestamp,
    progress: 0,
    attemptsMade: 0,
    attemptsStarted: 0,
    stalledCounter: 0,
  } as unknown as JobJson;
}
