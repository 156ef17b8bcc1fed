/** Injection token of the checked options; internal to the library. */
export const RESOLVED_OPTIONS = Symbol('scalr-queue.options');
/** An option of the library itself: with `true` the process only looks, and nothing may be written over its connection. */
export const LOOKS_ONLY = Symbol('scalr-queue.looks-only');
/** Injection token of the options as the app gave them. */
export const GIVEN_OPTIONS = Symbol('scalr-queue.given-options');
