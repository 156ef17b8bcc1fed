/**
 * What jobs carry of the caller: a tenant, a user, a correlation id. Empty here; an app adds its keys, which are typed everywhere from
 * then on.
 *
 * @example
 * declare module 'scalr-queue' {
 *   interface CarriedContext {
 *     tenant: string;
 *     correlationId: string;
 *   }
 * }
 */
// oxlint-disable-next-line typescript/no-empty-object-type, typescript/no-empty-interface -- filled by the app
export interface CarriedContext {}
