export { SharedRedis } from './shared/shared.redis.js';
export type { Limiter, LimiterState, LimitOptions, Permit } from './shared/limiter.js';
export type { HeldLock, LockOptions } from './shared/locks.js';
export type {
  BreakerOptions,
  BucketOptions,
  ConcurrentOptions,
  LimiterOptions,
  OnUnavailable,
  WindowOptions,
} from './contract/limiter-options.js';
export { Leader, type LeaderOptions, type OnElected, type Term } from './shared/leader.decorator.js';
export { OnBroadcast, type BroadcastGap, type OnGap } from './shared/on-broadcast.decorator.js';
export {
  defineEvent,
  type AnyEventDefinition,
  type EventDefinition,
  type EventPayloadOf,
} from './contract/event-definition.js';
export type { LimitRule } from './contract/limit-rule.js';
export type { LimitState, LockState } from './engine/shared.engine.js';
export {
  CircuitOpenError,
  LeaseLostError,
  LimitExceededError,
  LockNotAcquiredError,
} from './contract/errors/shared.errors.js';
