export { threadHandler, type ThreadHandler, type ThreadOutput } from './worker/thread/thread-handler.js';

export {
  defineJob,
  type AnyJobDefinition,
  type JobDefinition,
  type PayloadOf,
  type ResultOf,
} from './jobs/job-definition.js';
export type { JobSettings } from './jobs/job-settings.js';
export { JobContext } from './jobs/job-context.js';
export { Discard, JobSignal, RetryLater, Snooze } from './jobs/job-signals.js';
