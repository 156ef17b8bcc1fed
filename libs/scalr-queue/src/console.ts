export { createConsole } from './console/platform/create.console.js';
export type { ConsoleHandler } from './console/console.handler.js';
export type { ConsoleAccount, ConsoleOptions, ConsoleRole } from './console/console.options.js';
