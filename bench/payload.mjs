// @ts-check

/** About 60 bytes of JSON. @param {number} number */
export const payloadOf = (number) => ({ number, text: 'a payload of ordinary size, no more' });

/** The size of `enqueueMany` and of every other bulk. */
export const BATCH = 1_000;
