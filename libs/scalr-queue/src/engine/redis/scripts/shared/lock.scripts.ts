import { NOTE_WAITER, TIME_OF_REDIS } from './limit.scripts.js';

/** How long, in milliseconds, the last fence of a lock is remembered: it only matters where the clock of Redis steps back. */
const KEEP_FENCE = 30 * 24 * 3_600_000;

/**
 * Takes a lock unless another holds it. Its fence is the time in microseconds, or one more than the last where that is more: it grows also
 * where the last one is forgotten.
 *
 * KEYS[1] the lock
 * KEYS[2] its last fence
 * KEYS[3] who waits for it
 * KEYS[4] the index of the locks that are held
 * ARGV[1] the token of the holder
 * ARGV[2] the microseconds of the lease
 * ARGV[3] who holds it
 * ARGV[4] its name
 * ARGV[5] 1 when whoever does not get it waits
 * Returns 1 and the fence, or 0 and the microseconds that the lease of the holder lasts
 */
export const ACQUIRE_LOCK = `${TIME_OF_REDIS}${NOTE_WAITER}
local lock, fences, waits, index = unpack(KEYS)
local token, lease, who, name, waiting = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5] == '1'
local now = now_us()
local ends = tonumber(redis.call('HGET', lock, 'ends') or 0)
if ends > now then
  if waiting then note_waiter(waits, index, name, who, now, 0, ends) end
  return {0, ends - now}
end
local fence = math.max(now, (redis.call('GET', fences) or 0) + 1)
redis.call('SET', fences, fence, 'PX', ${KEEP_FENCE})
redis.call('HSET', lock, 'token', token, 'ends', now + lease, 'fence', fence, 'who', who, 'since', now)
redis.call('PEXPIRE', lock, to_ms(lease))
redis.call('ZREM', waits, who)
redis.call('ZADD', index, now + lease, name)
if redis.call('PTTL', index) < to_ms(lease) then redis.call('PEXPIRE', index, to_ms(lease)) end
return {1, fence}
`;

/**
 * Renews a lock, if it is still held.
 *
 * KEYS[1] the lock
 * KEYS[2] the index of the locks that are held
 * ARGV[1] the token of the holder
 * ARGV[2] the microseconds of the lease
 * ARGV[3] its name
 * Returns whether it was held
 */
export const RENEW_LOCK = `${TIME_OF_REDIS}
local lock, index = unpack(KEYS)
local token, lease, name = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local now = now_us()
local holder, ends = unpack(redis.call('HMGET', lock, 'token', 'ends'))
if holder ~= token or tonumber(ends) <= now then return 0 end
redis.call('HSET', lock, 'ends', now + lease)
redis.call('PEXPIRE', lock, to_ms(lease))
redis.call('ZADD', index, now + lease, name)
if redis.call('PTTL', index) < to_ms(lease) then redis.call('PEXPIRE', index, to_ms(lease)) end
return 1
`;

/**
 * Gives a lock back, if it is still held by that holder.
 *
 * KEYS[1] the lock
 * ARGV[1] the token of the holder
 * Returns nothing
 */
export const RELEASE_LOCK = `
if redis.call('HGET', KEYS[1], 'token') == ARGV[1] then redis.call('DEL', KEYS[1]) end
`;
