/**
 * Lua functions of the scripts for what processes share.
 *
 * now_us(): the time of Redis in microseconds. Numbers go to Redis as numbers: in Lua's own text they would lose digits.
 * to_ms(us): rounded up.
 * drop_ended(key, now): takes out of a sorted set what has ended. Not with ZREMRANGEBYSCORE, which users that only enqueue were never granted.
 */
export const TIME_OF_REDIS = `
local function now_us()
  local t = redis.call('TIME')
  return t[1] * 1000000 + t[2]
end

local function to_ms(us)
  return math.max(1, math.ceil(us / 1000))
end

local function drop_ended(key, now)
  for _, gone in ipairs(redis.call('ZRANGEBYSCORE', key, '-inf', now)) do redis.call('ZREM', key, gone) end
end
`;

/** How long, in milliseconds, who waits is shown beyond the time at which it asks again. */
const WAITER_MARGIN = 10_000;
/** Waiters of a count that are kept: those beyond are not shown. */
const MOST_WAITERS = 1_000;

/**
 * Lua function note_waiter(waits, index, place, who, now, pause, held): who waits for a place, shown until it should have asked again. The
 * place is in the index for as long, or until `held`.
 */
export const NOTE_WAITER = `
local function note_waiter(waits, index, place, who, now, pause, held)
  local ends = now + pause + ${WAITER_MARGIN} * 1000
  local lasts = to_ms(ends - now)
  drop_ended(waits, now)
  if redis.call('ZCARD', waits) < ${MOST_WAITERS} then redis.call('ZADD', waits, ends, who) end
  redis.call('PEXPIRE', waits, lasts)
  local listed = math.max(ends, held)
  redis.call('ZADD', index, listed, place)
  drop_ended(index, now)
  if redis.call('PTTL', index) < to_ms(listed - now) then redis.call('PEXPIRE', index, to_ms(listed - now)) end
end
`;

/** Parts of a window: a grant counts until all of its part has left the window. */
const SLICES = 100;

/**
 * Takes what a call costs of a limiter, all or nothing, and never more than its rule allows.
 *
 * A bucket keeps its level in tokens times the microseconds of \`per\`, as each microsecond then adds a whole number: nothing is rounded. A
 * window keeps a count for each hundredth of it. A concurrent limiter is a sorted set of leases with their ends. The breaker is a hash:
 * failures, when they began, until when it is open, until when the call lasts that tries. A clock that steps back grants nothing.
 *
 * KEYS[1] the count
 * KEYS[2] who waits for it
 * KEYS[3] the index of the counts that somebody waits for
 * KEYS[4] the breaker
 * ARGV[1] the kind of the rule
 * ARGV[2] its capacity, or its most
 * ARGV[3] its microseconds: per, or the lease
 * ARGV[4] the tokens that come back in that time
 * ARGV[5] the cost; 0 only looks whether there is one
 * ARGV[6] the token of the call
 * ARGV[7] who waits when it is refused; empty for nobody
 * ARGV[8] the place in the index
 * ARGV[9] microseconds that the breaker stays open; 0 for no breaker
 * Returns granted, left, microseconds until it may be asked again, waiting, and of the breaker 1 for open, 2 for a trial
 */
export const TAKE = `${TIME_OF_REDIS}${NOTE_WAITER}
local state, waits, index, breaker = unpack(KEYS)
local kind, most, per, refill = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local cost, token, who, place, opens = tonumber(ARGV[5]), ARGV[6], ARGV[7], ARGV[8], tonumber(ARGV[9])
-- A look asks for one, and takes none.
local looks = cost == 0
if looks then cost = 1 end
local now = now_us()
local trial = 0

if opens > 0 then
  local open, trying = unpack(redis.call('HMGET', breaker, 'open', 'trial'))
  if open then
    local ends = math.max(tonumber(open), tonumber(trying or 0))
    if now < ends then return {0, 0, ends - now, 0, 1} end
    trial = 2
  end
end

local function take_of_bucket()
  local full, need = most * per, cost * per
  local at, level, unit = unpack(redis.call('HMGET', state, 'at', 'level', 'per'))
  if level then
    level = tonumber(level)
    -- The rule has changed since.
    if tonumber(unit) ~= per then level = math.floor(level / tonumber(unit)) * per end
    level = math.min(full, level)
    local grown = math.max(0, now - tonumber(at)) * refill
    level = grown >= full - level and full or level + grown
  else
    level = full
  end
  if level < need then return 0, math.floor(level / per), math.ceil((need - level) / refill), math.ceil(need / refill) end
  if not looks then
    level = level - need
    redis.call('HSET', state, 'at', now, 'level', level, 'per', per)
    redis.call('PEXPIRE', state, to_ms((full - level) / refill) + 1000)
  end
  return 1, math.floor(level / per), 0, 0
end

local function take_of_window()
  local slice = math.ceil(per / ${SLICES})
  local current, edge = math.floor(now / slice), math.floor((now - per) / slice)
  local count, first, last, unit = unpack(redis.call('HMGET', state, 'n', 'first', 'last', 'slice'))
  count, first, last = tonumber(count or 0), tonumber(first or current), tonumber(last or current)
  if count > 0 and tonumber(unit) ~= slice then
    -- The rule has changed since: what is counted counts from now on.
    redis.call('DEL', state)
    redis.call('HSET', state, current, count, 'n', count, 'first', current, 'last', current, 'slice', slice)
    redis.call('PEXPIRE', state, to_ms(per + 2 * slice))
    first, last = current, current
  end
  -- The clock went back: a little, and it is waited for; or by more than the window.
  if last > current and last - current <= 2 * ${SLICES} then current = last end
  if last < edge or last > current then
    redis.call('DEL', state)
    count, first, last = 0, current, current
  end
  for i = first, edge - 1 do
    local gone = redis.call('HGET', state, i)
    if gone then
      count = count - gone
      redis.call('HDEL', state, i)
    end
  end
  if first < edge then
    first = edge
    redis.call('HSET', state, 'n', count, 'first', first)
  end
  if count + cost <= most then
    if looks then return 1, most - count, 0, 0 end
    redis.call('HINCRBY', state, current, cost)
    redis.call('HSET', state, 'n', count + cost, 'first', first, 'last', current, 'slice', slice)
    redis.call('PEXPIRE', state, to_ms(per + 2 * slice))
    return 1, most - count - cost, 0, 0
  end
  local over, at = count + cost - most, last
  for i = first, last do
    over = over - (tonumber(redis.call('HGET', state, i) or 0))
    if over <= 0 then
      at = i
      break
    end
  end
  return 0, math.max(0, most - count), (at + 1) * slice + per - now, math.ceil(per * cost / most)
end

local function take_of_places()
  drop_ended(state, now)
  local count = redis.call('ZCARD', state)
  if count + cost <= most then
    if looks then return 1, most - count, 0, 0 end
    for i = 1, cost do redis.call('ZADD', state, now + per, token .. '#' .. i) end
    if redis.call('PTTL', state) < per / 1000 then redis.call('PEXPIRE', state, to_ms(per)) end
    return 1, most - count - cost, 0, 0
  end
  local first = redis.call('ZRANGE', state, 0, 0, 'WITHSCORES')
  return 0, math.max(0, most - count), (first[2] or now) - now, 0
end

local takes = {bucket = take_of_bucket, window = take_of_window, concurrent = take_of_places}
local granted, left, reset, each = takes[kind]()
if granted == 1 then
  if who ~= '' then redis.call('ZREM', waits, who) end
  if trial == 2 and not looks then
    redis.call('HSET', breaker, 'trial', now + opens)
    redis.call('PEXPIRE', breaker, to_ms(opens) * 3)
  end
  return {1, left, 0, 0, trial}
end
local waiting = redis.call('ZCOUNT', waits, now, '+inf')
if who ~= '' then note_waiter(waits, index, place, who, now, reset + 2 * each * waiting, 0) end
return {0, left, reset, waiting, 0}
`;

/**
 * Renews places of a concurrent limiter, if all of them are still held.
 *
 * KEYS[1] the count
 * ARGV[1] the token of the call
 * ARGV[2] how many places
 * ARGV[3] the microseconds of a lease
 * Returns whether they were held
 */
export const RENEW_PLACES = `${TIME_OF_REDIS}
local state, token, places, lease = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local now = now_us()
for i = 1, places do
  local ends = redis.call('ZSCORE', state, token .. '#' .. i)
  if not ends or tonumber(ends) <= now then return 0 end
end
for i = 1, places do redis.call('ZADD', state, now + lease, token .. '#' .. i) end
if redis.call('PTTL', state) < lease / 1000 then redis.call('PEXPIRE', state, to_ms(lease)) end
return 1
`;

/**
 * Gives places of a concurrent limiter back.
 *
 * KEYS[1] the count
 * ARGV[1] the token of the call
 * ARGV[2] how many places
 * Returns nothing
 */
export const RELEASE_PLACES = `
local state, token, places = KEYS[1], ARGV[1], tonumber(ARGV[2])
for i = 1, places do redis.call('ZREM', state, token .. '#' .. i) end
`;

/**
 * Tells a breaker how a call went: enough failures within its time open it, one that was let through to try closes it or opens it again.
 *
 * KEYS[1] the breaker
 * ARGV[1] 1 when it failed
 * ARGV[2] the failures that open it
 * ARGV[3] the microseconds that they are counted in
 * ARGV[4] the microseconds that it stays open
 * Returns nothing
 */
export const NOTE_END = `${TIME_OF_REDIS}
local breaker, failed, most = KEYS[1], ARGV[1] == '1', tonumber(ARGV[2])
local per, opens = tonumber(ARGV[3]), tonumber(ARGV[4])
local now = now_us()
local open, since = unpack(redis.call('HMGET', breaker, 'open', 'since'))
if not failed then
  -- One that began before it opened says nothing of how things are now.
  if open and now >= tonumber(open) then redis.call('DEL', breaker) end
  return
end
if open and now < tonumber(open) then return end
if not since or now - since > per then
  redis.call('HSET', breaker, 'n', 0, 'since', now)
end
if open or redis.call('HINCRBY', breaker, 'n', 1) >= most then
  redis.call('HSET', breaker, 'open', now + opens, 'n', 0)
  redis.call('HDEL', breaker, 'trial')
end
redis.call('PEXPIRE', breaker, to_ms(per + 3 * opens))
`;
