import { ENDED_JOB } from './ended-job.script.js';
import type { RedisClient } from '../connection/redis.client.js';

/** The engine's script that ends a job, without the version in its name. */
const FINISH = 'moveToFinished:';

/**
 * The engine's script as it is, and what we do in the same step: remember the id, and free the unique key of a job that was cancelled.
 * KEYS[12], ARGV[1], [3], [4] and [7] are those of the engine: the job, its id, the field and text of its outcome, the prefix.
 */
const withOurs = (engine: string): string => `${ENDED_JOB}
local function finish()
${engine}
end
local before = redis.call('HMGET', KEYS[12], 'kid', 'deid')
local reply = finish()
if type(reply) == 'number' and reply < 0 then return reply end
remember_id(ARGV[7], ARGV[1], before[1])
if ARGV[3] == 'failedReason' and string.sub(ARGV[4], 1, 10) == 'cancelled ' then
  free_unique(ARGV[7], ARGV[1], before[2])
end
return reply
`;

/** Adds to the engine's script, on this connection, what must happen in the step in which a job ends. */
export function extendFinish(client: RedisClient): void {
  const define = client.defineCommand.bind(client);
  client.defineCommand = (name, definition) => {
    const lua = name.startsWith(FINISH) ? withOurs(definition.lua) : definition.lua;
    return define(name, { ...definition, lua });
  };
}
