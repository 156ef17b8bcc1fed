import { Postponed } from '../engine/run-ends.js';
import type { AnyJobDefinition, ResultOf } from '../contract/job-definition.js';
import type { DeadReason } from '../contract/job-info.js';
import { AttemptFailure } from '../engine/attempt-failure.js';
import type { MemoryJob } from '../engine/memory/memory.job.js';

/** What one attempt of a handler came to. */
export type RunOutcome<D extends AnyJobDefinition = AnyJobDefinition> = RunTraces &
  (
    | { readonly status: 'completed'; readonly result: ResultOf<D> }
    /** Failed; the next attempt is `delay` milliseconds later. */
    | { readonly status: 'retrying'; readonly delay: number; readonly error: unknown }
    /** `Snooze`: offered again after `delay` milliseconds, no attempt used. */
    | { readonly status: 'snoozed'; readonly delay: number }
    /** Gave up; `error` is what was thrown. */
    | { readonly status: 'dead'; readonly reason: DeadReason; readonly error: unknown }
  );

/** What a handler told while it ran. */
export interface RunTraces {
  /** Lines of `ctx.log`. */
  readonly logs: readonly string[];
  /** The last `ctx.progress`. */
  readonly progress?: number | object;
}

/**
 * @param now epoch milliseconds
 * @internal
 */
export async function outcomeOf<D extends AnyJobDefinition>(
  job: MemoryJob,
  running: Promise<unknown>,
  now: () => number,
): Promise<RunOutcome<D>> {
  const traces = () => ({
    logs: job.logs,
    ...(job.progress === 0 ? {} : { progress: job.progress as number | object }),
  });
  try {
    const result = (await running) ?? undefined;
    return { ...traces(), status: 'completed', result: result as ResultOf<D> };
  } catch (error) {
    if (error instanceof Postponed) return { ...traces(), status: 'snoozed', delay: job.runAt! - now() };
    if (!(error instanceof AttemptFailure)) throw error;
    const { kind, thrown, retryDelay } = error;
    return kind === 'retrying'
      ? { ...traces(), status: 'retrying', delay: retryDelay, error: thrown }
      : { ...traces(), status: 'dead', reason: kind, error: thrown };
  }
}
