import type { MessagePort } from 'node:worker_threads';
import type { JobContext } from '../../contract/job-context.js';
import type { PackedError } from './packed.error.js';

/** What a handler may know about its attempt: the plain part of the context. */
export type JobFacts = Pick<
  JobContext,
  'id' | 'name' | 'queue' | 'attempt' | 'maxAttempts' | 'enqueuedAt' | 'scheduledFor' | 'context'
>;

/** What a thread is given to run one job. Everything here and below is cloned on its way. */
export interface ThreadTask<Payload = unknown> {
  readonly payload: Payload;
  readonly facts: JobFacts;
  readonly port: MessagePort;
  /** The trace that the attempt is in, where there is one. */
  readonly trace?: string;
}

/** Returned to the engine of the threads: tells that the outcome was sent, and that `threadHandler` made the function. */
export const OUTCOME_SENT = 'scalr-queue: outcome sent';

/** How the handler ended. */
export type ThreadOutcome =
  | {
      readonly output: unknown;
      /** Why it is only what JSON makes of it: it could not be cloned. */
      readonly lossy?: string;
    }
  | { readonly error: PackedError };

/** From the thread while it runs: what the handler reported. It is not answered; messages keep their order. */
export type ThreadTelling =
  | { readonly method: 'progress'; readonly value: number | object }
  | { readonly method: 'log'; readonly value: readonly string[] };

/** From the thread: the last message. */
export interface ThreadEnd {
  readonly outcome: ThreadOutcome;
}

/** To the thread while it runs: its attempt is over. */
export interface ThreadMessage {
  readonly abort: PackedError;
}
