import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../../config/tokens.js';
import { OutcomeUnknownError } from '../../contract/errors/enqueue.errors.js';
import {
  type DeadLetterStore,
  type EpochMark,
  type JobEnds,
  type JobIntake,
  type JobStore,
  QueueEngine,
  type QueueStore,
  type ServerState,
} from '../queue.engine.js';
import { RedisAuditRecords } from './audit.records.js';
import type { AuditRecords } from '../audit-records.js';
import type { HistoryStrings } from '../history-strings.js';
import { RedisHistoryStrings } from './history.strings.js';
import { RedisConnections } from './connection/redis.connections.js';
import { toEnqueueError, toReadError } from './connection/redis-error.js';
import { RedisProbe } from './connection/redis.probe.js';
import { Preflight } from './preflight/preflight.js';
import { readServerState } from './server-state.js';
import { RedisDeadLetterStore } from './dead-letter.store.js';
import { RedisEpochMark } from './epoch.mark.js';
import { EndWatch } from './end.watch.js';
import type { FinishedJobs } from '../finished-jobs.js';
import { RedisFinishedJobs } from './finished.jobs.js';
import { JobAdder } from './job.adder.js';
import { RedisJobTypeRegistry } from './job-type.registry.js';
import { RedisJobStore } from './job.store.js';
import { PastEnds } from './past-ends.js';
import { QueueRegistry } from './queue.registry.js';
import type { ScheduleRecords } from '../schedule-records.js';
import type { RedriveRecords } from '../redrive-records.js';
import { RedisRedriveRecords } from './redrive.records.js';
import { RedisScheduleRecords } from './schedule.records.js';
import { RedisQueueStore } from './queue.store.js';
import { RedisWorkerRegistry } from './worker.registry.js';

/** The jobs of an app in Redis, in BullMQ's own keys. */
@Injectable()
export class RedisEngine extends QueueEngine implements OnApplicationShutdown {
  readonly intake: JobAdder & JobIntake;
  readonly jobs: JobStore;
  readonly ends: JobEnds;
  readonly deadLetters: DeadLetterStore;
  readonly redrives: RedriveRecords;
  readonly queues: QueueStore;
  readonly types: RedisJobTypeRegistry;
  readonly workers: RedisWorkerRegistry;
  readonly schedules: ScheduleRecords;
  readonly finished: FinishedJobs;
  readonly epoch: EpochMark;
  readonly audit: AuditRecords;
  readonly history: HistoryStrings;
  private readonly endWatch: EndWatch;
  private readonly probe: RedisProbe;

  constructor(
    private readonly connections: RedisConnections,
    registry: QueueRegistry,
    private readonly preflight: Preflight,
    @Inject(RESOLVED_OPTIONS) app: ResolvedOptions,
  ) {
    super();
    this.probe = new RedisProbe(connections, app);
    this.intake = new JobAdder(connections, registry, app);
    this.jobs = new RedisJobStore(connections, registry, app);
    this.endWatch = new EndWatch(connections, registry, app);
    const past = new PastEnds(connections, registry, app);
    this.ends = {
      listen: (queue, storedId, onEnd) => this.endWatch.listen(queue, storedId, onEnd),
      find: (places) => past.find(places),
      remembers: (places) => past.remembers(places),
    };
    this.deadLetters = new RedisDeadLetterStore(connections, registry, app);
    this.redrives = new RedisRedriveRecords(connections, registry, app);
    this.queues = new RedisQueueStore(connections, registry, app);
    this.types = new RedisJobTypeRegistry(connections, app);
    this.workers = new RedisWorkerRegistry(connections, app);
    this.schedules = new RedisScheduleRecords(connections, app);
    this.finished = new RedisFinishedJobs(connections, registry, app);
    this.epoch = new RedisEpochMark(connections, app);
    this.audit = new RedisAuditRecords(connections, app);
    this.history = new RedisHistoryStrings(connections, app);
  }

  get ready(): boolean {
    return this.connections.ready;
  }

  usable(purpose?: 'enqueue' | 'read'): Promise<void> | undefined {
    return this.connections.usable(purpose);
  }

  answers(): Promise<boolean> {
    return this.probe.answers();
  }

  get fit(): boolean {
    return this.preflight.passed;
  }

  untilFit(role: 'producer' | 'worker', signal: AbortSignal): Promise<void> {
    return this.preflight.untilFit(role, signal);
  }

  serverState(): Promise<ServerState> {
    return readServerState(this.connections.producer);
  }

  get damaged(): readonly string[] {
    return this.connections.damaged.lines;
  }

  onReady(listener: () => void): () => void {
    const { producer } = this.connections;
    producer.on('ready', listener);
    return () => void producer.off('ready', listener);
  }

  report(trouble: unknown): void {
    this.connections.log.trouble(trouble as Error);
  }

  async enqueueError(failure: unknown, jobIds: readonly string[]): Promise<Error> {
    return toEnqueueError(await this.connections.named(failure), jobIds);
  }

  isInDoubt(failure: unknown): boolean {
    return toEnqueueError(failure, []) instanceof OutcomeUnknownError;
  }

  async readError(failure: unknown): Promise<Error> {
    return toReadError(await this.connections.named(failure));
  }

  onApplicationShutdown(): void {
    this.endWatch.close();
  }
}
