import { ENDED_JOB } from '../ended-job.script.js';
import { FOLLOWING_JOB } from '../following-job.script.js';
import { INSERT_JOB } from '../insert-job.script.js';

/** Jobs of the active list, the newest first, that are looked at for the one that an error was about. */
const MAX_LOOKS = 200;

/**
 * Ends a job that cannot be run, in one step, as the engine ends a failed one: its own script decodes what is damaged, and fails
 * half way. All that is stored of the job stays as evidence, but for a value that is no hash: it is kept beside it for a while.
 *
 * KEYS[1] active
 * KEYS[2] failed
 * KEYS[3] events
 * KEYS[4] stalled
 * KEYS[5] marker
 * ARGV[1] the prefix of the queue with its colon
 * ARGV[2] the token of the lock
 * ARGV[3] the id of the job, or '' for the one that was just locked with the token
 * ARGV[4] the id that is not meant
 * ARGV[5] the reason
 * ARGV[6] the clock
 * ARGV[7] the length of the event stream
 * ARGV[8] milliseconds that what is no hash is kept
 * ARGV[9] what separates name and id
 * Returns the id of the job that is dead now, or false when none is active under the token
 */
export const BURY = `${INSERT_JOB}${ENDED_JOB}${FOLLOWING_JOB}
local active, failed, events, stalled, marker = unpack(KEYS)
local prefix, token, id, other, reason, now, maxEvents, keep, separator = unpack(ARGV)
local function isHeld(one) return one ~= other and redis.call('GET', prefix .. one .. ':lock') == token end
if id == '' then
  for _, one in ipairs(redis.call('LRANGE', active, 0, ${MAX_LOOKS - 1})) do
    if isHeld(one) then id = one break end
  end
end
if id == '' or not isHeld(id) or redis.call('LREM', active, -1, id) == 0 then return false end
local job = prefix .. id
redis.call('DEL', job .. ':lock')
redis.call('SREM', stalled, id)
local kind = redis.call('TYPE', job).ok
if kind ~= 'hash' and kind ~= 'none' then
  redis.call('RENAME', job, job .. ':damaged')
  redis.call('PEXPIRE', job .. ':damaged', keep)
end
local separated = string.find(id, separator, 1, true)
if separated then redis.call('HSETNX', job, 'name', string.sub(id, 1, separated - 1)) end
redis.call('HDEL', job, 'defa')
redis.call('HSET', job, 'failedReason', reason, 'finishedOn', now)
local unique = redis.call('HGET', job, 'deid')
if unique then
  local key = prefix .. 'de:' .. unique
  if redis.call('TYPE', key).ok == 'string' and redis.call('PTTL', key) == -1 and redis.call('GET', key) == id then
    -- What follows it may be damaged, too.
    pcall(release_unique, prefix, id, now)
  end
end
remember_id(prefix, id, redis.call('HGET', job, 'kid'))
redis.call('ZADD', failed, now, id)
redis.call('XADD', events, 'MAXLEN', '~', maxEvents, '*', 'event', 'failed', 'jobId', id, 'failedReason', reason, 'prev', 'active')
redis.call('ZADD', marker, 0, '0')
return id
`;
