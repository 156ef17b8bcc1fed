import { onAbort } from './abort.watch.js';
import { afterListening } from './listening-timer.js';

/**
 * The outcome of `work`, or `late()` thrown when it has not settled after `ms`, or the reason of `signal` when that aborts first.
 * The work itself goes on; its late failure is swallowed.
 */
export function withDeadline<T>(
  work: Promise<T>,
  ms: number,
  late: () => Error,
  signal?: AbortSignal,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const end = () => {
      cancel();
      forget?.();
    };
    const giveUp = (error: unknown) => {
      end();
      reject(error);
    };
    const cancel = afterListening(ms, () => giveUp(late()));
    const forget = signal && onAbort(signal, () => giveUp(signal.reason));
    if (signal?.aborted) giveUp(signal.reason);
    work.then(
      (value) => {
        end();
        resolve(value);
      },
      (error: unknown) => {
        end();
        reject(error);
      },
    );
  });
}

/**
 * Whether the work settles, well or not, within `ms`. It goes on either way, and its failure is swallowed.
 *
 * @param ref whether the process stays alive for it
 */
export function settlesWithin(work: Promise<unknown>, ms: number, ref = true): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = afterListening(ms, () => resolve(false), ref);
    const end = () => {
      cancel();
      resolve(true);
    };
    work.then(end, end);
  });
}
