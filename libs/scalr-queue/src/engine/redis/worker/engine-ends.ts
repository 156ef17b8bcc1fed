import { DelayedError, WaitingError } from 'bullmq';
import { Postponed, Released } from '../../run-ends.js';

/** A run without an outcome, in BullMQ's terms. */
export function toEngineError(error: Error): Error {
  if (error instanceof Postponed) return new DelayedError();
  return error instanceof Released ? new WaitingError() : error;
}

/** Classes written for @nestjs/bullmq throw the errors of BullMQ. */
export function fromEngineError(error: unknown): unknown {
  if (error instanceof DelayedError) return new Postponed();
  return error instanceof WaitingError ? new Released() : error;
}
