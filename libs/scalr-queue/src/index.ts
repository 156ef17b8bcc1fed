export { ScalrQueueModule, type ScalrQueueAsyncOptions } from './scalr-queue.module.js';
export type {
  QueueOptions,
  ScalrQueueOptions,
  ScalrQueueOptionsFactory,
  WorkerOptions,
} from './options/scalr-queue.options.js';
export type { RedisConnectionOptions, RedisNode } from './options/redis-options.js';
export type { Duration } from './options/duration.js';

export {
  defineJob,
  type AnyJobDefinition,
  type JobDefinition,
  type PayloadOf,
  type ResultOf,
} from './jobs/job-definition.js';
export type { JobDefaults, JobSettings, KeepOptions } from './jobs/job-settings.js';
export type { RetryFunction, RetryOptions } from './jobs/retry-policy.js';
export type { UniqueOptions } from './jobs/unique-options.js';
export { JobContext } from './jobs/job-context.js';
export { Discard, JobSignal, RetryLater, Snooze } from './jobs/job-signals.js';
export type { EnqueuedJob, EnqueueOptions } from './jobs/enqueue-options.js';
export type { CancelOutcome, DeadReason, JobErrorInfo, JobInfo, JobState } from './jobs/job-info.js';

export { EnqueueService } from './producer/enqueue.service.js';
export type { EnqueueArguments, EnqueueItem } from './producer/enqueue-arguments.js';
export { DeadLetterService } from './dead-letter/dead-letter.service.js';
export type {
  DeadLetterActionOptions,
  DeadLetterPage,
  DeadLetterProgress,
} from './dead-letter/dead-letter.options.js';
export type { DeadLetterFilter } from './dead-letter/dead-letter.filter.js';
export type { DeadJob, KeyConflict } from './dead-letter/dead-job.js';
export type { JobDetails, JobFailure } from './jobs/job-details.js';
export { JobsService, type WaitOptions } from './inspection/jobs.service.js';
export type { JobListOptions, JobListPage } from './inspection/job-list.options.js';
export type { JobExplanation, JobReason, JobReasonCode } from './jobs/job-explanation.js';
export { QueuesService } from './inspection/queues.service.js';
export type { QueueDepth, QueueInfo, UnhandledJob } from './jobs/queue-info.js';
export type { WorkerCounts, WorkerInfo } from './jobs/worker-info.js';
export type { PingResult, Pong } from './jobs/ping.js';
export { JobEvents } from './observability/job-event.stream.js';
export type {
  AttemptEvent,
  FailedEvent,
  FinishedEvent,
  JobEvent,
  JobEventListener,
  JobEventMap,
  JobEventName,
  LockLostCause,
  LockLostEvent,
} from './observability/job-events.js';
export { jobLogFields, type JobLogFields } from './observability/job-scope.js';
export type { JobRef } from './jobs/job-ref.js';
export {
  ProcessJob,
  type JobHandlerMethod,
  type ProcessJobOptions,
  type ThreadLimits,
  type ThreadedHandlerMethod,
} from './worker/process-job.decorator.js';
export { Scheduled } from './scheduling/scheduled.decorator.js';
export type {
  CronSchedule,
  EverySchedule,
  MissedPolicy,
  ScheduleOptions,
} from './scheduling/schedule-options.js';
export { SchedulesService, type ScheduleInfo } from './scheduling/schedules.service.js';
export { MetricsTokenGuard } from './metrics/metrics.access.js';
export { ScalrQueueMetricsModule } from './metrics/metrics.module.js';
export { ScalrQueueMetrics } from './metrics/scalr-queue.metrics.js';
export { QueueErrorFilter } from './http/queue-error.filter.js';
export { ScalrQueueHealthIndicator } from './health/scalr-queue.health.js';

export { ScalrQueueError } from './errors/scalr-queue.error.js';
export {
  DuplicateHandlerError,
  InvalidJobDefinitionError,
  InvalidOptionError,
  QueueConfigError,
  UnknownJobError,
} from './errors/configuration.errors.js';
export {
  EnqueueError,
  OutcomeUnknownError,
  QueueClosedError,
  QueueFullError,
  QueueUnavailableError,
  EnqueueAbortedError,
  UnhandledJobError,
} from './errors/enqueue.errors.js';
export {
  PayloadInvalidError,
  type PayloadIssue,
  PayloadNotSerializableError,
  PayloadTooLargeError,
} from './errors/payload.errors.js';
export {
  JobCancelledError,
  JobFailedError,
  JobNotKeptError,
  JobTimeoutError,
  WaitTimeoutError,
} from './errors/outcome.errors.js';
export { StoredDataError } from './errors/stored-data.error.js';
export { JobThreadError } from './errors/thread.errors.js';
