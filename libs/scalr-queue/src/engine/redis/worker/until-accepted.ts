import { setTimeout as sleep } from 'node:timers/promises';
import { refusalOf } from '../connection/redis-reply.js';

/** A refusal comes at once: asked again without a pause, Redis would get tens of thousands of commands a second. */
export const REFUSAL_PAUSE = 1_000;

/**
 * Repeats a write of a run while Redis refuses it: thrown on, a refusal would count as a failure of the handler.
 *
 * @param force aborts when the run has no more time
 * @throws the last refusal once `force` has aborted, and whatever else the write throws
 */
export async function untilAccepted<T>(write: () => Promise<T>, force: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (!refusalOf(error) || force.aborted) throw error;
      await sleep(REFUSAL_PAUSE, undefined, { signal: force }).catch(() => undefined);
    }
  }
}
