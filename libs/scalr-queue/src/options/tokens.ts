/** Injection token of the checked options; internal to the library. */
export const RESOLVED_OPTIONS = Symbol('scalr-queue.options');
