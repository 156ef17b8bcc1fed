import type { OnApplicationShutdown } from '@nestjs/common';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import { QueueClosedError, QueueUnavailableError } from '../../contract/errors/enqueue.errors.js';
import { outcomeUnknown } from '../outcome-unknown.js';
import { type EpochMark, type JobEnds, QueueEngine } from '../queue.engine.js';
import { MemoryAuditRecords } from './memory.audit-records.js';
import { MemoryCancelRequests } from './memory.cancel-requests.js';
import { MemoryDeadLetterStore } from './memory.dead-letter-store.js';
import { MemoryFinishedJobs } from './memory.finished-jobs.js';
import { MemoryHistoryStrings } from './memory.history-strings.js';
import { MemoryIntake, NoAnswer } from './memory.intake.js';
import type { MemoryJob } from './memory.job.js';
import { MemoryJobStore } from './memory.job-store.js';
import { MemoryQueueStore } from './memory.queue-store.js';
import { MemoryRedriveRecords } from './memory.redrive-records.js';
import { MemoryScheduleRecords } from './memory.schedule-records.js';
import { MemoryQueues } from './memory.queues.js';
import { MemoryJobTypes, MemoryWorkers } from './memory.registries.js';

/** The jobs of an app in the memory of the process, for tests: no server, a time of its own, and faults on demand. */
export class MemoryEngine extends QueueEngine implements OnApplicationShutdown {
  readonly memory: MemoryQueues;
  readonly intake: MemoryIntake;
  readonly jobs: MemoryJobStore;
  readonly deadLetters: MemoryDeadLetterStore;
  readonly redrives: MemoryRedriveRecords;
  readonly queues: MemoryQueueStore;
  readonly types = new MemoryJobTypes();
  readonly workers = new MemoryWorkers();
  readonly schedules = new MemoryScheduleRecords();
  readonly audit = new MemoryAuditRecords();
  readonly history = new MemoryHistoryStrings();
  readonly finished: MemoryFinishedJobs;
  readonly ends: JobEnds = {
    listen: (queue, storedId, onEnd) => ({
      stop: this.memory.listen(queue, storedId, onEnd),
      listening: Promise.resolve(),
    }),
    // Who comes too late is told that the job has ended, and no more.
    find: async () => undefined,
    remembers: async (places) =>
      places.some(({ queue, storedId }) => this.memory.get(queue).remembers(storedId)),
  };

  readonly epoch: EpochMark = {
    read: async () => this.mark,
    mark: async (epoch) => (this.mark ??= epoch),
  };
  private mark?: string;

  /** Requests to stop what runs. */
  readonly cancels: MemoryCancelRequests;
  private closed = false;

  /** @param onAdded hears of each job that is new or has a new payload */
  constructor(app: Pick<ResolvedOptions, 'queues' | 'clock'>, onAdded?: (job: MemoryJob) => void) {
    super();
    this.memory = new MemoryQueues(app.clock);
    this.cancels = new MemoryCancelRequests(this.memory);
    this.finished = new MemoryFinishedJobs(this.memory);
    this.intake = new MemoryIntake(this.memory, this.schedules, app, onAdded);
    this.jobs = new MemoryJobStore(this.memory, this.cancels);
    this.deadLetters = new MemoryDeadLetterStore(this.memory);
    this.redrives = new MemoryRedriveRecords(this.memory, this.deadLetters, app.clock);
    this.queues = new MemoryQueueStore(this.memory, app);
  }

  get ready(): boolean {
    return this.memory.works;
  }

  /** A hang shows when something is asked. */
  usable(purpose: 'enqueue' | 'read' = 'enqueue'): undefined {
    if (this.closed && purpose === 'enqueue')
      throw new QueueClosedError('nothing can be enqueued any more: the application is shutting down');
    if (purpose === 'read' ? this.memory.works : this.memory.fault !== 'down') return undefined;
    throw new QueueUnavailableError(
      'Redis is not reachable (simulated by the test). Nothing was enqueued; it is safe to try again.',
    );
  }

  async answers(): Promise<boolean> {
    return this.ready;
  }

  readonly fit = true;

  readonly damaged = [];

  async untilFit(): Promise<void> {}

  async serverState(): Promise<undefined> {
    return undefined;
  }

  /** It was never away. */
  onReady(): () => void {
    return () => undefined;
  }

  /** A test causes trouble on purpose. */
  report(): void {}

  async enqueueError(failure: unknown, jobIds: readonly string[]): Promise<Error> {
    if (!this.isInDoubt(failure)) return failure as Error;
    return outcomeUnknown('no answer from Redis (simulated by the test) for', jobIds);
  }

  isInDoubt(failure: unknown): boolean {
    return failure instanceof NoAnswer;
  }

  async readError(failure: unknown): Promise<Error> {
    return failure as Error;
  }

  onApplicationShutdown(): void {
    this.closed = true;
  }
}
