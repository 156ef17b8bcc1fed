/** Refusals a second that get a stack trace. */
const TRACED = 100;
const SECOND = 1_000;

let secondBegan = -Infinity;
let made = 0;

/**
 * Makes the error of a refusal. A stack trace costs ten times as much as all the rest of a refusal, and memory for as long
 * as the error is kept: of a burst only the first ones have one, so that the last of 100,000 calls is refused in time too.
 */
export function refusal<E extends Error>(make: () => E): E {
  const now = performance.now();
  if (now - secondBegan >= SECOND) {
    secondBegan = now;
    made = 0;
  }
  if (made++ < TRACED) return make();
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
