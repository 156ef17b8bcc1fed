/** A job that waits for its turn, its time or its retry takes over the payload, and what belongs to it. */
const TAKE_OVER = `
local function take_over(held, given)
  local readable, stored = pcall(cjson.decode, redis.call('HGET', held, 'opts') or '')
  redis.call('HSET', held, 'data', given.data)
  if not readable or type(stored) ~= 'table' then return end
  local opts = cjson.decode(given.opts)
  stored.scalr, stored.attempts = opts.scalr, opts.attempts
  redis.call('HSET', held, 'opts', cjson.encode(stored))
end
`;

/**
 * One more run after the one that is under way. The engine makes the job of `dn:<unique key>` in the step in which the running one
 * ends. It could not start before, so the time of `expiresIn` does not run meanwhile.
 */
const FOLLOW = `
local function follow(prefix, given, unique, memory, holder)
  local following = prefix .. 'dn:' .. unique
  local next = redis.call('HGET', following, 'jid')
  if not next then
    if not redis.call('LPOS', prefix .. 'active', holder) then return nil end
    next = given.id
    if memory ~= '' then redis.call('HSET', prefix .. next, 'kid', memory) end
  end
  local stored = cjson.decode(given.opts)
  if stored.scalr then stored.scalr.expiresAt = nil end
  stored = cjson.encode(stored)
  redis.call('HSET', following, 'jid', next, 'name', given.name, 'data', given.data, 'opts', stored)
  store_job(prefix, next, given.name, given.data, stored, given.timestamp, given.delay, given.priority, unique)
  redis.call('PERSIST', prefix .. 'de:' .. unique)
  return next
end
`;

/** Only one that no handler has had: another would lose its attempts, its id and its wait. */
const REMOVE_UNSTARTED = `
local function is_finished(prefix, holder)
  return redis.call('ZSCORE', prefix .. 'completed', holder) or redis.call('ZSCORE', prefix .. 'failed', holder)
end

local function remove_unstarted(prefix, holder)
  local held = prefix .. holder
  local runs = redis.call('HMGET', held, 'atm', 'ats', 'scalr:idle')
  if (tonumber(runs[1]) or 0) > 0 or (tonumber(runs[2]) or 0) > (tonumber(runs[3]) or 0) then return false end
  if redis.call('ZREM', prefix .. 'delayed', holder) == 0 then return false end
  redis.call('DEL', held, held .. ':logs', held .. ':dependencies', held .. ':processed', held .. ':failed',
    held .. ':unsuccessful')
  event(prefix, 'removed', 'jobId', holder, 'prev', 'delayed')
  return true
end

local function holder_of(prefix, unique)
  local key = prefix .. 'de:' .. unique
  local holder = redis.call('GET', key)
  -- Without a window the key is that of a job that has yet to end.
  if holder and redis.call('PTTL', key) == -1
    and (redis.call('EXISTS', prefix .. holder) == 0 or is_finished(prefix, holder)) then return false end
  return holder
end
`;

/**
 * Lua functions for a job whose id or unique key may be taken. Needs INSERT_JOB.
 *
 * claim_job(prefix, given, claim): `given` has id, name, data, opts, timestamp, delay and priority; `claim` is a list: the key of the mark
 * of its id once it has ended, the id of the unique key ('' for none), its window in milliseconds (0: as long as the job lives), what a taken
 * key means (keep, replace, rerun), for how many milliseconds the id is remembered ('' where the library made it); then the
 * prefixes of the queues that the definition had before, whose jobs and keys count too.
 * Returns whether the job is to be stored, and holds the unique key then; what became of it; the stored id of the job that counts; and for one in
 * a former queue which one, from 1 on.
 */
export const CLAIM_JOB = `${TAKE_OVER}${FOLLOW}${REMOVE_UNSTARTED}
local function claim_job(prefix, given, claim)
  local id = given.id
  local ended, unique, window, conflict, memory = unpack(claim, 1, 5)
  if redis.call('EXISTS', prefix .. id, ended) > 0 then
    event(prefix, 'duplicated', 'jobId', id)
    return false, 'duplicate', id
  end
  for place = 6, #claim do
    if redis.call('EXISTS', claim[place] .. id) == 1 then return false, 'duplicate', id, place - 5 end
  end
  if unique == '' then return true, 'created', id end

  local status = 'created'
  for place = 6, #claim do
    local former = holder_of(claim[place], unique)
    if former then
      if conflict ~= 'replace' or not remove_unstarted(claim[place], former) then
        return false, 'duplicate', former, place - 5
      end
      redis.call('DEL', claim[place] .. 'de:' .. unique)
      status = 'replaced'
    end
  end
  local key = prefix .. 'de:' .. unique
  local holder = holder_of(prefix, unique)
  if holder then
    local function deduplicated(counts, other)
      event(prefix, 'deduplicated', 'jobId', counts, 'deduplicationId', unique, 'deduplicatedJobId', other)
    end
    if conflict == 'replace' then
      -- As the engine does, without an event for one that stays.
      if not remove_unstarted(prefix, holder) then return false, 'duplicate', holder end
      deduplicated(id, holder)
    else
      deduplicated(holder, id)
      if conflict ~= 'rerun' or redis.call('EXISTS', prefix .. holder) == 0 or is_finished(prefix, holder) then
        return false, 'duplicate', holder
      end
      local next = follow(prefix, given, unique, memory, holder)
      if next then return false, 'rerun', next end
      take_over(prefix .. holder, given)
      return false, 'replaced', holder
    end
    status = 'replaced'
  end
  if tonumber(window) > 0 then redis.call('SET', key, id, 'PX', window) else redis.call('SET', key, id) end
  return true, status, id
end
`;
