import { INSERT_JOB } from '../connection/insert-job.script.js';
import { RedisScript } from '../connection/redis-script.js';

/**
 * Adds a job whose id or unique key may be taken, and says what became of it: the look and the insert in one step.
 *
 * KEYS[1] the job
 * ARGV: what `insert_job` takes without the unique key; then the id of the unique key ('' for none), its window in milliseconds
 * (0: as long as the job lives), and what a taken key means (keep, replace)
 * RETURNS status and stored id of the job that counts
 */
export const ADD_CONTESTED = new RedisScript(
  'scalrAddContested',
  `${INSERT_JOB}
local job = KEYS[1]
local prefix, id, name, data, opts, timestamp, delay, priority, unique, window, conflict = unpack(ARGV)

if redis.call('EXISTS', job) == 1 then
  event(prefix, 'duplicated', 'jobId', id)
  return { 'duplicate', id }
end

local function remove_delayed(holder)
  if redis.call('ZREM', prefix .. 'delayed', holder) == 0 then return false end
  local held = prefix .. holder
  redis.call('DEL', held, held .. ':logs', held .. ':dependencies', held .. ':processed', held .. ':failed',
    held .. ':unsuccessful')
  event(prefix, 'removed', 'jobId', holder, 'prev', 'delayed')
  return true
end

local status = 'created'
if unique ~= '' then
  local key = prefix .. 'de:' .. unique
  local holder = redis.call('GET', key)
  -- Without a window the key is that of a stored job.
  if holder and redis.call('PTTL', key) == -1 and redis.call('EXISTS', prefix .. holder) == 0 then holder = false end
  if holder and conflict == 'replace' and remove_delayed(holder) then
    event(prefix, 'deduplicated', 'jobId', id, 'deduplicationId', unique, 'deduplicatedJobId', holder)
    status = 'replaced'
  elseif holder then
    event(prefix, 'deduplicated', 'jobId', holder, 'deduplicationId', unique, 'deduplicatedJobId', id)
    return { 'duplicate', holder }
  end
  if tonumber(window) > 0 then redis.call('SET', key, id, 'PX', window) else redis.call('SET', key, id) end
end

insert_job(prefix, id, name, data, opts, timestamp, delay, priority, unique)
return { status, id }
`,
);
