/** Injection token of the checked options; internal to the library. */
export const RESOLVED_OPTIONS = Symbol('scalr-queue.options');
/** Injection token of the options as the app gave them. */
export const GIVEN_OPTIONS = Symbol('scalr-queue.given-options');
