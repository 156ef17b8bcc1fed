/** Injects the checked options of the dashboard. */
export const DASHBOARD_SETTINGS = Symbol('scalr-queue: settings of the dashboard');
