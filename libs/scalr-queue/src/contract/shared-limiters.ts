/**
 * The limiters of the app by name, by module augmentation: with it, a limiter that is not listed does not compile. Without, every name does.
 *
 * @example
 * declare module 'scalr-queue' {
 *   interface SharedLimiters {
 *     stripe: true;
 *   }
 * }
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type
export interface SharedLimiters {}
