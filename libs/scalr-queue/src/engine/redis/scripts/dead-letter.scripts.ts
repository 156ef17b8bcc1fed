import { ENDED_JOB } from './ended-job.script.js';

/** Only while it is dead, and of this same death: another process may have retried it, and it may have died anew. */
const STILL_DEAD = `
local failed, job = unpack(KEYS)
local id, died_at, prefix = unpack(ARGV)
if tonumber(redis.call('ZSCORE', failed, id) or -1) ~= tonumber(died_at) then return 0 end
`;

/**
 * Looks whether a dead job may be retried, and makes it ready. A unique job takes its key again, for a new window where it has one.
 * Crashes from before the retry do not count against the job. One start does: a job that is put back by hand is neither
 * too late for `expiresIn` nor for its schedule. Nobody reads either field of a dead job, and a key without a window is free while its
 * job is dead, so a process that ends after this leaves nothing half done.
 *
 * KEYS[1] the dead jobs of the queue
 * KEYS[2] the job
 * ARGV[1] the stored id
 * ARGV[2] the time of its death
 * ARGV[3] the prefix of the queue with its colon
 * ARGV[4] 1 to look only
 * Returns 1 where it may, 0 where it is not dead any more, else the stored id of the job that holds its unique key
 */
export const PREPARE = `${STILL_DEAD}
local look = ARGV[4] == '1'
local unique = redis.call('HGET', job, 'deid')
if unique then
  local key = prefix .. 'de:' .. unique
  local holder = redis.call('GET', key)
  if holder and holder ~= id then
    local ended = redis.call('EXISTS', prefix .. holder) == 0
      or redis.call('ZSCORE', prefix .. 'completed', holder) or redis.call('ZSCORE', failed, holder)
    if redis.call('PTTL', key) ~= -1 or not ended then return holder end
  end
  if not look then
    local readable, opts = pcall(cjson.decode, redis.call('HGET', job, 'opts') or '')
    local window = readable and type(opts) == 'table' and type(opts.de) == 'table' and tonumber(opts.de.ttl)
    if window then redis.call('SET', key, id, 'PX', window) else redis.call('SET', key, id) end
  end
end
if look then return 1 end
redis.call('HDEL', job, 'stc', 'scalr:idle', 'scalr:aside', 'scalr:ended', 'scalr:endedStc')
redis.call('HSET', job, 'ats', 1)
-- Somebody has looked at the other side: an effect that is unknown runs again.
if redis.call('HEXISTS', job, 'scalr:unknown') == 1 then redis.call('HSET', job, 'scalr:unknown', 'retried') end
return 1
`;

/**
 * Removes a dead job, and frees its unique key. The engine's own remove would take the job wherever it is.
 *
 * KEYS[1] the dead jobs of the queue
 * KEYS[2] the job
 * ARGV[1] the stored id
 * ARGV[2] the time of its death
 * ARGV[3] the prefix of the queue with its colon
 * Returns 1 where it was removed, 0 where it is not dead any more
 */
export const DELETE_DEAD = `${ENDED_JOB}${STILL_DEAD}
free_unique(prefix, id, redis.call('HGET', job, 'deid'))
redis.call('ZREM', failed, id)
for _, part in ipairs({ '', ':logs', ':dependencies', ':processed', ':failed', ':unsuccessful' }) do
  redis.call('DEL', job .. part)
end
return 1
`;

/**
 * Moves a dead job to the queue that its definition has now, dead as it is: the retry goes on from there. One with its id that is
 * there already counts.
 *
 * KEYS[1] the dead jobs of the former queue
 * KEYS[2] the job in it
 * KEYS[3] the dead jobs of the new queue
 * KEYS[4] the job in it
 * ARGV[1] the stored id
 * ARGV[2] the time of its death
 * Returns 1 when it has moved, else 0
 */
export const MOVE = `
local failed, job, target, moved = unpack(KEYS)
local id, diedAt = unpack(ARGV)
if tonumber(redis.call('ZSCORE', failed, id) or -1) ~= tonumber(diedAt) then return 0 end
if redis.call('EXISTS', moved) == 1 or redis.call('EXISTS', job) == 0 then return 0 end
redis.call('RENAME', job, moved)
if redis.call('EXISTS', job .. ':logs') == 1 then redis.call('RENAME', job .. ':logs', moved .. ':logs') end
redis.call('ZREM', failed, id)
redis.call('ZADD', target, diedAt, id)
return 1
`;
