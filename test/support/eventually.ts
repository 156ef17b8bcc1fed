import { setTimeout as pause } from 'node:timers/promises';

interface Patience {
  /** Milliseconds after which the last failure is thrown. Defaults to 10,000. */
  timeout?: number;
  /** Milliseconds between two tries. Defaults to 20. */
  interval?: number;
}

/** What an attempt may not be typed as: `undefined` would pass for an assertion that has succeeded. */
export type Answers<T> = undefined extends T
  ? void extends T
    ? unknown
    : { answerMayBeUndefined: 'compare it, or assert' }
  : unknown;

/**
 * Tries again until the assertion does not throw, or the predicate's answer is truthy, and
 * returns that answer. An assertion that returns nothing has succeeded; an answer that may be undefined is no answer.
 */
export async function eventually<T>(
  attempt: (() => T | Promise<T>) & Answers<T>,
  { timeout = 10_000, interval = 20 }: Patience = {},
): Promise<T> {
  const deadline = Date.now() + timeout;
  for (;;) {
    const outcome = await outcomeOf(attempt);
    if ('value' in outcome) return outcome.value;
    if (Date.now() >= deadline) throw outcome.error;
    await pause(interval);
  }
}

async function outcomeOf<T>(attempt: () => T | Promise<T>): Promise<{ value: T } | { error: unknown }> {
  try {
    const value = await attempt();
    if (value || value === undefined) return { value };
    return { error: new Error(`expected a truthy answer, the last one was: ${String(value)}`) };
  } catch (error) {
    return { error };
  }
}
