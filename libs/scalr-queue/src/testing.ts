export { ScalrQueueTestingModule, useTestQueue, type OverridableBuilder } from './testing/testing.module.js';
export { TestQueue } from './testing/test.queue.js';
export type { TestingModuleOptions, TestQueueOptions, TestTransaction } from './testing/testing.options.js';
export type { EnqueuedRecord } from './testing/enqueued.record.js';
export {
  EnqueueExpectationError,
  type AnyMatcher,
  type EnqueueExpectation,
  type Expected,
} from './testing/enqueue.expectation.js';
export type { DrainOutcome } from './testing/tally.js';
export type { RunJobOptions } from './testing/run-job.options.js';
export type { RunOutcome, RunTraces } from './testing/run-outcome.js';
