import { DELAYED_SCORE_UNIT, PRIORITY_SCORE_UNIT } from '../keys.js';

/** Ids at the end of each list that are looked at, and levels of priority. */
const LOOKS = 16;

/**
 * The state of one queue, read in one step. Its cost does not grow with the backlog: it looks at the next jobs of each list
 * and, jumping from level to level, at the next one of each priority, the least urgent levels first, for these starve.
 * Of a waiting job it takes the time since when it could run: that of its enqueue and its delay, or its last start.
 *
 * KEYS[1] wait
 * KEYS[2] prioritized
 * KEYS[3] delayed
 * KEYS[4] active
 * KEYS[5] failed
 * KEYS[6] meta
 * ARGV[1] the prefix of the queue with its colon
 * Returns what `Reply` in queue-states.ts says
 */
export const QUEUE_STATE = `
local wait, prioritized, delayed, active, failed, meta = unpack(KEYS)
local prefix = ARGV[1]
local looks = ${LOOKS}
local level = ${PRIORITY_SCORE_UNIT}
local latest = 8.64e15
local oldest = false
local heads = {}
-- Jobs of a kind have the same options, most of the time.
local delays = {[''] = 0}
local function delay_of(opts)
  if not delays[opts] then
    local readable, read = pcall(cjson.decode, opts)
    delays[opts] = readable and type(read) == 'table' and tonumber(read.delay) or 0
  end
  return delays[opts]
end
local function consider(id)
  heads[#heads + 1] = id
  local job = prefix .. id
  local length = redis.pcall('HSTRLEN', job, 'opts')
  if type(length) == 'table' then return end
  local made, started, opts = unpack(redis.call('HMGET', job, 'timestamp', 'processedOn', length <= 65536 and 'opts' or ''))
  local since = tonumber(made)
  if not since or not (since < latest) then return end
  since = math.max(since + delay_of(opts or ''), tonumber(started) or 0)
  if not (since < latest) then return end
  if not oldest or since < oldest then oldest = since end
end
for _, id in ipairs(redis.call('LRANGE', wait, -looks, -1)) do consider(id) end
local top = '+inf'
for _ = 1, looks do
  local last = redis.call('ZREVRANGEBYSCORE', prioritized, top, '-inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if not last[1] then break end
  local floor = string.format('%.0f', math.floor(tonumber(last[2]) / level) * level)
  consider(redis.call('ZRANGEBYSCORE', prioritized, floor, '+inf', 'LIMIT', 0, 1)[1])
  top = '(' .. floor
end
local urgent = redis.call('ZRANGE', prioritized, 0, 0)
if urgent[1] then consider(urgent[1]) end
local nextDue = ''
for position, id in ipairs(redis.call('ZRANGE', delayed, 0, looks - 1)) do
  if position == 1 then nextDue = string.format('%.0f', math.floor(tonumber(redis.call('ZSCORE', delayed, id)) / ${DELAYED_SCORE_UNIT})) end
  heads[#heads + 1] = id
end
return {
  redis.call('LLEN', wait), redis.call('ZCARD', prioritized), redis.call('ZCARD', delayed), redis.call('LLEN', active),
  redis.call('ZCARD', failed), redis.call('HEXISTS', meta, 'paused'),
  oldest and string.format('%.0f', oldest) or '', nextDue, heads,
  redis.call('HGET', meta, 'scalr:stalls') or '0'
}
`;
