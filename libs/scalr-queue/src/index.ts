export { ScalrQueueModule, type ScalrQueueAsyncOptions } from './scalr-queue.module.js';
export type {
  QueueOptions,
  ScalrQueueOptions,
  ScalrQueueOptionsFactory,
  WorkerOptions,
} from './config/scalr-queue.options.js';
export type { RedisConnectionOptions, RedisNode } from './config/redis-options.js';
export type * from './contract/carried-context.js';
export type { Duration } from './contract/duration.js';

export {
  defineJob,
  type AnyJobDefinition,
  type JobDefinition,
  type PayloadOf,
  type ResultOf,
} from './contract/job-definition.js';
export type { JobDefaults, JobSettings, KeepOptions } from './contract/job-settings.js';
export type { LimiterName, Limits, LimitUse } from './contract/limit-use.js';
// By an asterisk, so that an app can augment it.
export * from './contract/shared-limiters.js';
export type { RetryFunction, RetryOptions } from './contract/retry-policy.js';
export type { UniqueOptions } from './contract/unique-options.js';
export { JobContext } from './contract/job-context.js';
export type {
  EachItems,
  EachOptions,
  EachPage,
  EachSource,
  EffectCall,
  JobTransaction,
  OnceOptions,
  TransactionOptions,
  UnknownAnswer,
  UnknownEffect,
} from './contract/effects.js';
export { Discard, ControlFlowSignal, RetryLater, Snooze } from './contract/control-flow-signals.js';
export type { EnqueuedJob, EnqueueOptions } from './contract/enqueue-options.js';
export type {
  CancelOutcome,
  DeadReason,
  JobErrorInfo,
  JobInfo,
  JobItems,
  JobState,
} from './contract/job-info.js';

export { EnqueueService } from './producer/enqueue.service.js';
export type { EnqueueArguments, EnqueueItem } from './producer/enqueue-arguments.js';
export { AuditService, type AuditPage } from './audit/audit.service.js';
export type { Actor, ActVia, AuditAction, AuditEntry } from './contract/audit.js';
export { DeadLetterService } from './dead-letter/dead-letter.service.js';
export type {
  DeadLetterActionOptions,
  DeadLetterPage,
  DeadLetterProgress,
} from './dead-letter/dead-letter.options.js';
export type { DeadLetterFilter } from './dead-letter/dead-letter.filter.js';
export type { Redrive, RedriveFirst, RedriveOptions, RedriveOutcome } from './dead-letter/redrive.js';
export type { DeadGroup, DeadGroups } from './dead-letter/dead-group.js';
export type { DeadJob } from './contract/dead-job.js';
export type { KeyConflict } from './dead-letter/dead-job.js';
export type { EnqueueCall, EnqueueOutcome, JobHook, JobHookClass } from './contract/job-hook.js';
export { contextFromCls } from './hooks/cls.context.js';
export type { JobDetails, JobFailure } from './contract/job-details.js';
export { JobsService, type WaitOptions } from './inspection/jobs.service.js';
export type {
  CancelManyCounts,
  CancelManyOptions,
  CancelManyResult,
} from './inspection/pending.canceller.js';
export type { PayloadValue, PendingFilter } from './inspection/pending.filter.js';
export type { JobListOptions, JobListPage } from './inspection/job-list.options.js';
export type { JobExplanation, JobReason, JobReasonCode } from './contract/job-explanation.js';
export { QueuesService } from './inspection/queues.service.js';
export type { QueueSample, SampleBy, SampleOptions, SamplePart } from './contract/queue-sample.js';
export type { QueueDepth, QueueInfo, QueueLimits, UnhandledJob } from './contract/queue-info.js';
export type { DeployedVersion, GoneWorker, WorkerCounts, WorkerInfo } from './contract/worker-info.js';
export { HistoryService } from './history/history.service.js';
export type {
  History,
  HistoryColumn,
  HistoryQuery,
  HistoryRange,
  HistorySeries,
} from './contract/history.js';
export type { PingResult, Pong } from './contract/ping.js';
export { JobEvents } from './observability/job-event.stream.js';
export type {
  AttemptEvent,
  FailedEvent,
  FinishedEvent,
  JobEvent,
  JobEventListener,
  JobEventMap,
  JobEventName,
  LockLostEvent,
} from './observability/job-events.js';
export type { LockLostCause } from './contract/lock-lost-cause.js';
export { jobLogFields, type JobLogFields } from './observability/job-scope.js';
export type { Outbox } from './contract/outbox.js';
export type { JobRef } from './contract/job-ref.js';
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
export {
  SchedulesService,
  type ScheduleInfo,
  type ScheduleOutcomes,
  type SlotOutcome,
} from './scheduling/schedules.service.js';
export { MetricsTokenGuard } from './metrics/metrics.access.js';
export { ScalrQueueMetricsModule } from './metrics/metrics.module.js';
export { ScalrQueueMetrics } from './metrics/scalr-queue.metrics.js';
export { QueueErrorFilter } from './http/queue-error.filter.js';
export { ScalrQueueHealthIndicator } from './health/scalr-queue.health.js';

export { ScalrQueueError } from './contract/errors/scalr-queue.error.js';
export {
  DuplicateHandlerError,
  InvalidJobDefinitionError,
  InvalidOptionError,
  QueueConfigError,
  UnknownJobError,
} from './contract/errors/configuration.errors.js';
export {
  EnqueueError,
  OutcomeUnknownError,
  QueueClosedError,
  QueueFullError,
  QueueUnavailableError,
  EnqueueAbortedError,
  UnhandledJobError,
} from './contract/errors/enqueue.errors.js';
export {
  PayloadInvalidError,
  type PayloadIssue,
  PayloadNotSerializableError,
  PayloadTooLargeError,
} from './contract/errors/payload.errors.js';
export {
  JobCancelledError,
  JobFailedError,
  JobNotKeptError,
  JobTimeoutError,
  WaitTimeoutError,
} from './contract/errors/outcome.errors.js';
export {
  CircuitOpenError,
  LeaseLostError,
  LimitExceededError,
  LockNotAcquiredError,
} from './contract/errors/shared.errors.js';
export { JobHookError } from './contract/errors/hook.errors.js';
export { EffectResultError, EffectUnknownError } from './contract/errors/effect.errors.js';
export { StoredDataError } from './contract/errors/stored-data.error.js';
export { JobThreadError } from './contract/errors/thread.errors.js';
