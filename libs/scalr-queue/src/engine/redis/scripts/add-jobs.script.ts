import { DELAYED_SCORE_UNIT, PRIORITY_SCORE_UNIT } from '../keys.js';
import { EVENT_STREAM_LENGTH } from '../../../contract/defaults.js';
import { RedisScript } from './redis-script.js';

/**
 * Adds jobs whose ids are new to a queue, as the engine's own add scripts do one by one: what is the same for all of them is done once.
 * `test/integration/insert-job.int-spec.ts` compares what it leaves in Redis with what the engine leaves.
 *
 * KEYS[1...] those of `insertKeys`, in their order
 * ARGV[1] the prefix of the queue with its colon
 * ARGV[2] the number of kinds
 * ARGV[3...] for each kind its name, stored options and priority; then for each job its id, the index of its kind from 0 on, payload,
 * timestamp and delay in milliseconds
 * Returns nothing
 */
export const ADD_JOBS = new RedisScript(
  'scalrAddJobs',
  `
local meta, counter, wait, delayed, prioritized, turns, active, marker, events = unpack(KEYS)
local call = redis.call
local prefix, jobs = ARGV[1], 3 + 3 * ARGV[2]
local settings = call('HMGET', meta, 'paused', 'concurrency', 'opts.maxLenEvents')
local kept = settings[3]
if not kept then
  kept = ${EVENT_STREAM_LENGTH}
  call('HSET', meta, 'opts.maxLenEvents', kept)
end
local waiting, can_start, is_delayed = {}, false, false
-- INCRBY is not among the commands that an app of an earlier release was given.
call('SET', counter, (call('GET', counter) or 0) + (#ARGV - jobs + 1) / 5)
for at = jobs, #ARGV, 5 do
  local id, kind, timestamp, delay = ARGV[at], 3 + 3 * ARGV[at + 1], ARGV[at + 3], ARGV[at + 4]
  local name, priority = ARGV[kind], ARGV[kind + 2]
  call('HSET', prefix .. id, 'name', name, 'data', ARGV[at + 2], 'opts', ARGV[kind + 1], 'timestamp', timestamp,
    'delay', delay, 'priority', priority)
  call('XADD', events, 'MAXLEN', '~', kept, '*', 'event', 'added', 'jobId', id, 'name', name)
  if delay ~= '0' then
    local due = timestamp + delay
    local score, last = due * ${DELAYED_SCORE_UNIT}, due * ${DELAYED_SCORE_UNIT} + ${DELAYED_SCORE_UNIT - 1}
    local top = call('ZREVRANGEBYSCORE', delayed, last, score, 'WITHSCORES', 'LIMIT', 0, 1)[2]
    if top then score = math.min(top + 1, last) end
    call('ZADD', delayed, score, id)
    call('XADD', events, 'MAXLEN', '~', kept, '*', 'event', 'delayed', 'jobId', id, 'delay', due)
    is_delayed = true
  else
    if priority == '0' then waiting[#waiting + 1] = id
    else call('ZADD', prioritized, priority * ${PRIORITY_SCORE_UNIT} + call('INCR', turns) % ${PRIORITY_SCORE_UNIT}, id) end
    can_start = true
    call('XADD', events, 'MAXLEN', '~', kept, '*', 'event', 'waiting', 'jobId', id)
  end
end
if #waiting > 0 then call('LPUSH', wait, unpack(waiting)) end
if is_delayed then
  call('ZADD', marker, call('ZRANGE', delayed, 0, 0, 'WITHSCORES')[2] / ${DELAYED_SCORE_UNIT}, '1')
end
if can_start and not settings[1] and (not settings[2] or call('LLEN', active) < tonumber(settings[2])) then
  call('ZADD', marker, 0, '0')
end
`,
);
