import { ENDED_JOB } from './ended-job.script.js';
import { FOLLOWING_JOB } from './following-job.script.js';
import { INSERT_JOB } from './insert-job.script.js';

/**
 * Lua functions shared by the scripts below. `prefix` is that of the queue, with its colon.
 *
 * take_from_line(prefix, id): takes a job out of where it waits; whether it was there. `searches` counts how often it had to look
 * through the list of waiting jobs for that.
 * end_cancelled(prefix, id, reason, now, max_events): ends a job that was taken out, as the engine ends a failed one.
 */
const END_WAITING = `${INSERT_JOB}${ENDED_JOB}${FOLLOWING_JOB}
local searches = 0

local function take_from_line(prefix, id)
  if redis.call('ZREM', prefix .. 'delayed', id) == 1 then return true end
  if redis.call('ZREM', prefix .. 'prioritized', id) == 1 then return true end
  -- Cancelled in the order in which they were enqueued, jobs are at the end of the list.
  if redis.call('LPOS', prefix .. 'wait', id, 'RANK', -1, 'MAXLEN', 1000) then
    return redis.call('LREM', prefix .. 'wait', -1, id) > 0
  end
  searches = searches + 1
  return redis.call('LREM', prefix .. 'wait', 1, id) > 0
end

local function end_cancelled(prefix, id, reason, now, max_events)
  local job = prefix .. id
  redis.call('HDEL', job, 'defa')
  redis.call('HSET', job, 'failedReason', reason, 'finishedOn', now)
  redis.call('ZADD', prefix .. 'failed', now, id)
  remember_id(prefix, id, redis.call('HGET', job, 'kid'))
  release_unique(prefix, id, now)
  redis.call('XADD', prefix .. 'events', 'MAXLEN', '~', max_events, '*', 'event', 'failed', 'jobId', id,
    'failedReason', reason, 'prev', 'waiting')
end
`;

/**
 * The engine can remove a waiting job but not end it, and can stop a running one only in its own process. This script ends a
 * waiting job in one step, as the engine ends a failed one. For a running one it leaves a request that names the run by the
 * time it started, and a mark. Upstream: BullMQ fails a job with `defa` instead of running it again.
 *
 * KEYS[1] the job
 * KEYS[2] the requests
 * ARGV[1] the prefix of the queue with its colon
 * ARGV[2] the stored id
 * ARGV[3] the clock
 * ARGV[4] the reason
 * ARGV[5] the member of the request
 * ARGV[6] the length of the event stream
 * Returns cancelled, cancelling, finished or not-found
 */
export const CANCEL = `${END_WAITING}
local job, requests = unpack(KEYS)
local prefix, id, now, reason, member, max_events = unpack(ARGV)
local kind = redis.call('TYPE', job).ok
if kind == 'none' then
  -- Its data is gone, and its id may still wait.
  if not take_from_line(prefix, id) then return 'not-found' end
  end_cancelled(prefix, id, reason, now, max_events)
  return 'cancelled'
end
if kind ~= 'hash' then return redis.error_reply('WRONGTYPE the record of the job is a ' .. kind) end
if redis.call('ZSCORE', prefix .. 'completed', id) or redis.call('ZSCORE', prefix .. 'failed', id) then return 'finished' end
if not end_following(prefix, id) and not take_from_line(prefix, id) then
  redis.call('HSET', job, 'defa', reason)
  redis.call('ZADD', requests, redis.call('HGET', job, 'processedOn') or now, member)
  return 'cancelling'
end
end_cancelled(prefix, id, reason, now, max_events)
return 'cancelled'
`;

/**
 * Which of the given runs were asked to stop. A request that is older than a run was for one before it.
 *
 * KEYS[1] the requests
 * ARGV[1...] for each run the member of its request and the time it started
 * Returns how many requests there are, then the places of the runs, from 1 on
 */
export const LOOK = `
local reply = {redis.call('ZCARD', KEYS[1])}
for i = 1, #ARGV, 2 do
  local asked = redis.call('ZSCORE', KEYS[1], ARGV[i])
  if asked and tonumber(asked) >= tonumber(ARGV[i + 1]) then table.insert(reply, (i + 1) / 2) end
end
return reply
`;

/** Searches of a list of waiting jobs that {@link SETTLE} makes at the most; each takes time that grows with the list. */
const MAX_SEARCHES = 4;

/**
 * Settles requests whose run is over: a job that waits for its next run is ended, a request for a job that has ended, or was
 * put back by hand since, is dropped. One for a job that runs stays.
 *
 * KEYS[1] the requests
 * ARGV[1] the prefix of the app with its colon
 * ARGV[2] the clock
 * ARGV[3] the length of the event stream
 * ARGV[4...] members
 * Returns the members of the jobs that were ended
 */
export const SETTLE = `${END_WAITING}
local requests = KEYS[1]
local app, now, max_events = ARGV[1], ARGV[2], ARGV[3]
local ended = {}
for i = 4, #ARGV do
  local member = ARGV[i]
  local queue, id = string.match(member, '^(%S+) (.*)$')
  local prefix = app .. queue .. ':'
  local mark = redis.call('HGET', prefix .. id, 'defa')
  if not mark or string.sub(mark, 1, 10) ~= 'cancelled ' then
    redis.call('ZREM', requests, member)
  elseif redis.call('ZSCORE', prefix .. 'completed', id) or redis.call('ZSCORE', prefix .. 'failed', id) then
    redis.call('HDEL', prefix .. id, 'defa')
    redis.call('ZREM', requests, member)
  elseif not redis.call('LPOS', prefix .. 'active', id) and searches < ${MAX_SEARCHES} then
    if take_from_line(prefix, id) then
      end_cancelled(prefix, id, mark, now, max_events)
      table.insert(ended, member)
    end
    redis.call('ZREM', requests, member)
  end
end
return ended
`;
