export { threadHandler, type ThreadHandler, type ThreadOutput } from './worker/thread/thread-handler.js';

export {
  defineJob,
  type AnyJobDefinition,
  type JobDefinition,
  type PayloadOf,
  type ResultOf,
} from './contract/job-definition.js';
export type { JobSettings } from './contract/job-settings.js';
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
