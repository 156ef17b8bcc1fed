import type { RedisClient } from '../connection/redis.client.js';
import { MOVE, PREPARE } from './dead-letter.scripts.js';
import { HELD_REDRIVE } from './redrive.scripts.js';

/** Upstream: BullMQ's script that retries a job, without the version in its name. BullMQ defines it on each connection with defineCommand. */
const REPROCESS = 'reprocessJob:';

/** The command that {@link defineRedrive} adds to a connection. */
export const REDRIVE_JOB = 'scalrRedriveJob';

/**
 * Retries one dead job of a redrive, as BullMQ's own script does it, and counts that in the same step. Each job that it has dealt with is marked
 * with the redrive: whoever carries on after a kill does not take it again, though it may be dead again.
 *
 * KEYS[1] the redrive
 * KEYS[2] the jobs that it retried first
 * KEYS[3] the dead jobs of the queue
 * KEYS[4] the job
 * ARGV[1] who holds the redrive
 * ARGV[2] its id
 * ARGV[3] how many of the first jobs are remembered
 * ARGV[4] the stored id
 * ARGV[5] the time of its death
 * ARGV[6] the prefix of the queue with its colon
 * ARGV[7] the prefix of the queue that its definition has now
 * Returns 1 where it was retried, 0 where it is not dead any more or was dealt with, -1 where the redrive is not held any more or is to stop, else
 * the stored id of the job that holds its unique key
 */
const redriveJob = (engine: string): string => `${HELD_REDRIVE}
local function prepare(KEYS, ARGV)
${PREPARE}
end
local function move(KEYS, ARGV)
${MOVE}
end
local function reprocess(KEYS, ARGV)
${engine}
end
local op, sample, failed, job = unpack(KEYS)
local holder, op_id, size, id, died_at, prefix, target = unpack(ARGV)
if not holds(op, holder) then return -1 end
if redis.call('HGET', job, 'scalr:op') == op_id then return 0 end
if target ~= prefix and move({ failed, job, target .. 'failed', target .. id }, { id, died_at }) == 1 then
  prefix, failed, job = target, target .. 'failed', target .. id
end
local ready = prepare({ failed, job }, { id, died_at, prefix })
if ready == 0 then return 0 end
if ready ~= 1 then
  redis.call('HSET', job, 'scalr:op', op_id)
  redis.call('HINCRBY', op, 'kept', 1)
  return ready
end
local keys = { job, prefix .. 'events', failed, prefix .. 'wait', prefix .. 'meta', prefix .. 'active',
  prefix .. 'marker', prefix .. 'prioritized', prefix .. 'pc' }
if reprocess(keys, { id, 'LPUSH', 'failedReason', 'failed', '1', '0' }) ~= 1 then return 0 end
redis.call('HSET', job, 'scalr:op', op_id)
redis.call('HINCRBY', op, 'retried', 1)
if redis.call('LLEN', sample) < 2 * size then redis.call('RPUSH', sample, prefix, id) end
return 1
`;

/** Defines the command on a connection as soon as BullMQ defines its own there. */
export function defineRedrive(client: RedisClient): void {
  const define = client.defineCommand.bind(client);
  client.defineCommand = (name, definition) => {
    if (name.startsWith(REPROCESS)) define(REDRIVE_JOB, { lua: redriveJob(definition.lua) });
    return define(name, definition);
  };
}
