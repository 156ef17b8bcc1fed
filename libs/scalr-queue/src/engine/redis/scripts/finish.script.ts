import { ENDED_JOB } from './ended-job.script.js';
import type { RedisClient } from '../connection/redis.client.js';

/** Upstream: BullMQ's script that ends a job, without the version in its name. BullMQ defines it on each connection with defineCommand. */
const FINISH = 'moveToFinished:';

/**
 * BullMQ's script as it is, and what we do in the same step: remembers the id, and frees the unique key of a job that was cancelled.
 *
 * KEYS[12] the job; the others are BullMQ's own
 * ARGV[1] the id of the job
 * ARGV[3] the field of its outcome: returnvalue or failedReason
 * ARGV[4] the text of its outcome
 * ARGV[7] the prefix of the queue with its colon
 * Returns what BullMQ's script returns: 0, the next job, or a code below 0 where nothing was written
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
