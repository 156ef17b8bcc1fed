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
// oxlint-disable-next-line typescript/no-empty-object-type, typescript/no-empty-interface -- filled by the app
export interface SharedLimiters {}
