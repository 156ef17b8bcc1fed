import { AppsWatch } from '../../engine/redis/survey/apps.watch.js';
import { Console, type ConsoleHandler } from '../console.handler.js';
import type { ConsoleOptions } from '../console.options.js';
import { resolveConsole } from '../console.settings.js';
import { AppSessions } from './app.sessions.js';
import { PlatformSource } from './platform.source.js';

/**
 * A console for all apps of a Redis, or for those that `scope` names: problems, queues, dead jobs, schedules, workers. It
 * changes nothing unless `writeRedis` says over which connection.
 *
 * @returns a function for `createServer` of `node:http`, or to be mounted; its `close` ends the connections to Redis
 * @throws QueueConfigError when an option is wrong
 *
 * @example
 * const handle = createConsole({ accounts: [{ user: 'ops', password: process.env.CONSOLE_PASSWORD }] });
 * createServer(handle).listen(3002, '127.0.0.1');
 */
export function createConsole(options: ConsoleOptions): ConsoleHandler {
  const settings = resolveConsole(options);
  const redis = options.redis ?? (process.env['SCALR_CONSOLE_REDIS_URL']?.trim() || undefined);
  const { writeRedis } = options;
  const writers = writeRedis === undefined ? undefined : new AppSessions(writeRedis, false);
  const source = new PlatformSource(new AppsWatch(redis), new AppSessions(redis, true), writers);
  const shown = new Console(settings, source);
  return Object.assign(shown.handle.bind(shown), { close: () => shown.close() });
}
