import type { MessagePort } from 'node:worker_threads';
import type { JobContext } from '../../contract/job-context.js';
import type { JobEffects } from '../../engine/job-effects.js';
import type { EffectScope, FoundUnknown } from '../effects/effect.scope.js';
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
  /** What effects and lists need, beside the main thread. */
  readonly effects?: EffectFacts;
  /** The trace that the attempt is in, where there is one. */
  readonly trace?: string;
}

/** The plain part of what effects and lists need. */
export type EffectFacts = Pick<EffectScope, 'app' | 'lease' | 'resultLimit'>;

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
  | { readonly method: 'log'; readonly value: readonly string[] }
  | { readonly method: 'unknown'; readonly value: FoundUnknown };

/** From the thread while it runs: a note about the job, which is answered under its number. */
export interface ThreadNote {
  readonly note: number;
  readonly method: keyof JobEffects;
  readonly args: readonly unknown[];
}

/** From the thread: the last message. */
export interface ThreadEnd {
  readonly outcome: ThreadOutcome;
}

/** To the thread while it runs: its attempt is over, its worker takes no more jobs, or the answer to a note. */
export type ThreadMessage =
  | { readonly abort: PackedError }
  | { readonly drain: true }
  | { readonly note: number; readonly answer?: unknown; readonly failure?: PackedError };
