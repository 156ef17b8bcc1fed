import { EVENT_STREAM_LENGTH } from '../../../../contract/defaults.js';
import { DELAYED_SCORE_UNIT, PRIORITY_SCORE_UNIT } from '../../keys.js';
import { RedisScript } from '../redis-script.js';

/**
 * Lua function put_back(id): a job that was taken and not started stands at the front of its queue again. Nothing is counted: no
 * attempt, no start, no crash. False for a job that is not active.
 */
const PUT_BACK = `
local call = redis.call
local wait, active, prioritized, events, stalled, meta, marker = unpack(KEYS)

local function put_back(id, prefix, field)
  if call('LREM', active, -1, id) == 0 then return false end
  local job = prefix .. id
  call('SREM', stalled, id)
  if redis.pcall('HINCRBY', job, 'ats', -1) == 0 then call('HDEL', job, 'ats', 'processedOn', 'pb') end
  if field then redis.pcall('HSET', job, field, 1) end
  local priority = redis.pcall('HGET', job, 'priority')
  priority = type(priority) == 'string' and tonumber(priority) or 0
  if priority > 0 then call('ZADD', prioritized, priority * ${PRIORITY_SCORE_UNIT}, id) else call('RPUSH', wait, id) end
  if call('HEXISTS', meta, 'paused') == 0 then call('ZADD', marker, 0, '0') end
  call('XADD', events, 'MAXLEN', '~', ${EVENT_STREAM_LENGTH}, '*', 'event', 'waiting', 'jobId', id, 'prev', 'active')
  return true
end
`;

/**
 * Puts jobs back that a worker has taken ahead and not started.
 *
 * KEYS[1] wait
 * KEYS[2] active
 * KEYS[3] prioritized
 * KEYS[4] events
 * KEYS[5] stalled
 * KEYS[6] meta
 * KEYS[7] marker
 * ARGV[1] the prefix of the queue with its colon
 * ARGV[2...] id and token of each, in the order in which they were taken
 * Returns for each, in that order, 1, or 0 for one that the worker does not hold any more
 */
export const PUT_BACK_JOBS = new RedisScript(
  'scalrPutBackJobs',
  `${PUT_BACK}
local prefix = ARGV[1]
local done = {}
for at = #ARGV - 1, 2, -2 do
  local id, lock = ARGV[at], prefix .. ARGV[at] .. ':lock'
  local held = call('GET', lock) == ARGV[at + 1]
  if held then call('DEL', lock) end
  done[at / 2] = held and put_back(id, prefix) and 1 or 0
end
return done`,
);

/**
 * Looks after a queue, before the engine looks for jobs whose worker has crashed.
 *
 * Puts back those that a worker had taken ahead, and had not started when it last said so. No crash is counted. One of them may have
 * been started since, and be what killed the worker: each is marked, and the next worker takes nothing beside it ahead.
 *
 * Wakes a worker where jobs wait, or are delayed, and there is no marker: who had it may be gone, and idle workers do not ask.
 *
 * KEYS[1] wait
 * KEYS[2] active
 * KEYS[3] prioritized
 * KEYS[4] events
 * KEYS[5] stalled
 * KEYS[6] meta
 * KEYS[7] marker
 * KEYS[8] what the workers have taken ahead: a hash
 * KEYS[9] delayed
 * ARGV[1] the prefix of the queue with its colon
 * Returns 1 where there are jobs that the engine has to look at: some are active, or were
 */
export const LOOK_AFTER = new RedisScript(
  'scalrLookAfter',
  `${PUT_BACK}
local ahead, delayed, prefix = KEYS[8], KEYS[9], ARGV[1]
local records = call('HGETALL', ahead)
for at = 1, #records, 2 do
  local taken = cmsgpack.unpack(records[at + 1])
  local is_held = false
  for job = #taken - 1, 1, -2 do
    local id = taken[job]
    local token = call('GET', prefix .. id .. ':lock')
    if token == taken[job + 1] then is_held = true
    elseif not token then put_back(id, prefix, 'scalr:suspect') end
  end
  if not is_held then call('HDEL', ahead, records[at]) end
end

if call('EXISTS', marker) == 0 then
  local due = call('ZRANGE', delayed, 0, 0, 'WITHSCORES')[2]
  if due then call('ZADD', marker, due / ${DELAYED_SCORE_UNIT}, '1') end
  if call('EXISTS', wait, prioritized) > 0 then
    local settings = call('HMGET', meta, 'paused', 'concurrency')
    local is_full = settings[2] and call('LLEN', active) >= tonumber(settings[2])
    if not settings[1] and not is_full then call('ZADD', marker, 0, '0') end
  end
end
return call('EXISTS', active, stalled) > 0 and 1 or 0`,
);
