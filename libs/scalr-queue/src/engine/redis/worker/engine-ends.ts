import { DelayedError, WaitingError } from 'bullmq';
import { Postponed, Released } from '../../run-ends.js';

/** How the engine is told of a run without an outcome. */
export function toEngineError(error: Error): Error {
  if (error instanceof Postponed) return new DelayedError();
  return error instanceof Released ? new WaitingError() : error;
}

/** Classes written for @nestjs/bullmq throw the errors of the engine. */
export function fromEngineError(error: unknown): unknown {
  if (error instanceof DelayedError) return new Postponed();
  return error instanceof WaitingError ? new Released() : error;
}
