/**
 * Lua functions about the job that follows a running one (`onConflict: 'rerun'`). Upstream: BullMQ keeps it in
 * the hash `dn:<unique key>`, and inserts it in the step in which the running one ends. So that it can be looked at and cancelled before,
 * it has the hash of a job too. Needs INSERT_JOB and ENDED_JOB.
 *
 * end_following(prefix, id): forgets the following job with this id; whether there was one.
 * release_unique(prefix, id, now): for a job that ended without a run: gives its unique key free, or to the job that follows it,
 * which is put in line.
 */
export const FOLLOWING_JOB = `
local function end_following(prefix, id)
  local unique = redis.call('HGET', prefix .. id, 'deid')
  if not unique or redis.call('HGET', prefix .. 'dn:' .. unique, 'jid') ~= id then return false end
  redis.call('DEL', prefix .. 'dn:' .. unique)
  return true
end

local function release_unique(prefix, id, now)
  local unique = redis.call('HGET', prefix .. id, 'deid')
  if not unique then return end
  local key, following = prefix .. 'de:' .. unique, prefix .. 'dn:' .. unique
  if redis.call('GET', key) ~= id then return end
  redis.call('DEL', key)
  local next = redis.call('HMGET', following, 'jid', 'name', 'data', 'opts')
  if not next[1] then return end
  local readable, opts = pcall(cjson.decode, next[4])
  if not readable then opts = {} end
  redis.call('SET', key, next[1])
  redis.call('DEL', following)
  insert_job(prefix, next[1], next[2], next[3], next[4], now, opts.delay or 0, opts.priority or 0, unique)
end
`;
