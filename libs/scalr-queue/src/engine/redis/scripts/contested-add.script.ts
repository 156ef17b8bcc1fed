import { INSERT_JOB } from './insert-job.script.js';
import { RedisScript } from './redis-script.js';

/** A job that waits for its turn, its time or its retry takes over the payload, and what belongs to it. */
const TAKE_OVER = `
local function take_over(held)
  local readable, stored = pcall(cjson.decode, redis.call('HGET', held, 'opts') or '')
  redis.call('HSET', held, 'data', data)
  if not readable or type(stored) ~= 'table' then return end
  local given = cjson.decode(opts)
  stored.scalr, stored.attempts = given.scalr, given.attempts
  redis.call('HSET', held, 'opts', cjson.encode(stored))
end
`;

/**
 * One more run after the one that is under way. The engine makes the job of `dn:<unique key>` in the step in which the running one
 * ends. It could not start before, so the time of `expiresIn` does not run meanwhile.
 */
const FOLLOW = `
local function follow(holder, key)
  local following = prefix .. 'dn:' .. unique
  local next = redis.call('HGET', following, 'jid')
  if not next then
    if not redis.call('LPOS', prefix .. 'active', holder) then return nil end
    next = id
    if memory ~= '' then redis.call('HSET', prefix .. next, 'kid', memory) end
  end
  local stored = cjson.decode(opts)
  if stored.scalr then stored.scalr.expiresAt = nil end
  stored = cjson.encode(stored)
  redis.call('HSET', following, 'jid', next, 'name', name, 'data', data, 'opts', stored)
  store_job(prefix, next, name, data, stored, timestamp, delay, priority, unique)
  redis.call('PERSIST', key)
  return next
end
`;

/**
 * Adds a job whose id or unique key may be taken, and says what became of it: the look and the insert in one step.
 *
 * KEYS[1] the job
 * KEYS[2] the mark of its id once it has ended
 * KEYS[3...] those of `insertKeys`
 * ARGV[1] the prefix of the queue with its colon
 * ARGV[2] the stored id
 * ARGV[3] the name
 * ARGV[4] the payload
 * ARGV[5] the stored options
 * ARGV[6] the timestamp
 * ARGV[7] the delay in milliseconds
 * ARGV[8] the priority
 * ARGV[9] the id of the unique key, '' for none
 * ARGV[10] its window in milliseconds, 0 for as long as the job lives
 * ARGV[11] what a taken key means: keep, replace or rerun
 * ARGV[12] for how many milliseconds the id is remembered, '' where the library made it
 * ARGV[13...] the prefixes of the queues that the definition had before, whose jobs and keys count too
 * Returns the status and the stored id of the job that counts; then, for a job in a former queue, which one, from 1 on
 */
export const ADD_CONTESTED = new RedisScript(
  'scalrAddContested',
  `${INSERT_JOB}
local job, ended = unpack(KEYS)
local prefix, id, name, data, opts, timestamp, delay, priority, unique, window, conflict, memory = unpack(ARGV)
${TAKE_OVER}${FOLLOW}
if redis.call('EXISTS', job, ended) > 0 then
  event(prefix, 'duplicated', 'jobId', id)
  return { 'duplicate', id }
end

for place = 13, #ARGV do
  if redis.call('EXISTS', ARGV[place] .. id) == 1 then return { 'duplicate', id, place - 12 } end
end

local function is_finished(holder, from)
  from = from or prefix
  return redis.call('ZSCORE', from .. 'completed', holder) or redis.call('ZSCORE', from .. 'failed', holder)
end

-- Only one that no handler has had: another would lose its attempts, its id and its wait.
local function remove_unstarted(holder, from)
  local held = from .. holder
  local runs = redis.call('HMGET', held, 'atm', 'ats', 'scalr:idle')
  if (tonumber(runs[1]) or 0) > 0 or (tonumber(runs[2]) or 0) > (tonumber(runs[3]) or 0) then return false end
  if redis.call('ZREM', from .. 'delayed', holder) == 0 then return false end
  redis.call('DEL', held, held .. ':logs', held .. ':dependencies', held .. ':processed', held .. ':failed',
    held .. ':unsuccessful')
  event(from, 'removed', 'jobId', holder, 'prev', 'delayed')
  return true
end

local status = 'created'
if unique ~= '' then
  local function holder_in(from)
    local key = from .. 'de:' .. unique
    local holder = redis.call('GET', key)
    -- Without a window the key is that of a job that has yet to end.
    if holder and redis.call('PTTL', key) == -1
      and (redis.call('EXISTS', from .. holder) == 0 or is_finished(holder, from)) then return false end
    return holder
  end
  for place = 13, #ARGV do
    local former = holder_in(ARGV[place])
    if former then
      if conflict ~= 'replace' or not remove_unstarted(former, ARGV[place]) then
        return { 'duplicate', former, place - 12 }
      end
      redis.call('DEL', ARGV[place] .. 'de:' .. unique)
      status = 'replaced'
    end
  end
  local key = prefix .. 'de:' .. unique
  local holder = holder_in(prefix)
  if holder then
    event(prefix, 'deduplicated', 'jobId', holder, 'deduplicationId', unique, 'deduplicatedJobId', id)
    if conflict == 'rerun' and redis.call('EXISTS', prefix .. holder) == 1 and not is_finished(holder) then
      local next = follow(holder, key)
      if next then return { 'rerun', next } end
      take_over(prefix .. holder)
      return { 'replaced', holder }
    end
    if conflict ~= 'replace' or not remove_unstarted(holder, prefix) then return { 'duplicate', holder } end
    status = 'replaced'
  end
  if tonumber(window) > 0 then redis.call('SET', key, id, 'PX', window) else redis.call('SET', key, id) end
end

insert_job(prefix, id, name, data, opts, timestamp, delay, priority, unique)
if memory ~= '' then redis.call('HSET', job, 'kid', memory) end
return { status, id }
`,
);
