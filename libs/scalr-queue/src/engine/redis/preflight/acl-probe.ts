import { ReplyError } from 'ioredis';
import { refusalOf } from '../connection/redis-reply.js';
import type { RedisClient } from '../connection/redis.client.js';
import type { ProcessRole } from '../../finding.js';
import { COMMANDS_OF, CONSOLE, type RedisCommand } from './redis-commands.js';

/**
 * The commands that the Redis user lacks for a role. A script that meets a missing one half way leaves a half-written job
 * behind, so they are tried before any job is touched, on keys of the app's own that are removed again.
 *
 * @param withOptional whether those count that the role can do without
 */
export async function missingCommands(
  redis: RedisClient,
  role: ProcessRole,
  key: string,
  withOptional = false,
): Promise<string[]> {
  const commands = COMMANDS_OF[role].filter(({ optional }) => withOptional || !optional);
  const keys = ['', ':h', ':l', ':s', ':z', ':x'].map((suffix) => key + suffix);
  const trying = refusedOf(redis, commands, key);
  // Right behind them, so that nothing is left where the process ends meanwhile.
  const removing = redis.del(...keys).catch(isMissing);
  // Together: when the connection is lost they all fail, and one that nobody waits for would end the process.
  const [refused] = await Promise.all([trying, removing]);
  return refused;
}

/** The same for one that only looks. Nothing is written. */
export const missingToLook = (redis: RedisClient, key: string): Promise<string[]> =>
  refusedOf(redis, CONSOLE, key);

async function refusedOf(
  redis: RedisClient,
  commands: readonly RedisCommand[],
  key: string,
): Promise<string[]> {
  const tried = commands.filter(({ probe }) => probe !== undefined);
  const place = (arg: string | number) =>
    typeof arg === 'string' && /^K(:\w+)?$/.test(arg) ? key + arg.slice(1) : arg;
  // All at once: one by one they would take seconds on a slow network.
  const trying = tried.map(({ name, probe = [] }) => {
    const [command = '', ...words] = name.split('|');
    return redis.call(command, ...words, ...probe.map(place)).then(() => false, isMissing);
  });
  const refusals = await Promise.all(trying);
  return tried.filter((_command, index) => refusals[index]).map(({ name }) => name);
}

/** Whether Redis refused for lack of a permission; other replies do not matter here, a lost connection does. */
function isMissing(error: Error): boolean {
  if (!(error instanceof ReplyError)) throw error;
  return refusalOf(error)?.code === 'NOPERM';
}
