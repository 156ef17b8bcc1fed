/**
 * Takes the lock of a run again that has lost it, where nobody else runs the job: its worker was blocked or cut off, not dead.
 * What the engine counted as a crash meanwhile was none. How a run ended whose job another one has taken is kept, for the case that
 * this one loses it in turn.
 *
 * KEYS[1] the job
 * KEYS[2] its lock
 * KEYS[3] active
 * KEYS[4] wait
 * KEYS[5] prioritized
 * KEYS[6] delayed
 * KEYS[7] stalled
 * ARGV[1] the stored id
 * ARGV[2] who holds the lock
 * ARGV[3] its duration in milliseconds
 * ARGV[4] attempts made when the run began
 * ARGV[5] starts when the run began
 * ARGV[6] 1 when its crash was taken back before
 * ARGV[7] what the engine writes for too many crashes
 * ARGV[8] how the run ended, as JSON, or ''
 * Returns how it stands (`held`, `taken` by another run, `retaken` by one of the same worker, `gone`, `missing` where there is no such job), and 1 when a crash was taken back
 */
export const RECLAIM = `
local job, lock, active, wait, prioritized, delayed, stalled = unpack(KEYS)
local id, owner, duration, made, starts, excused, crashed, ended = unpack(ARGV)
local made_now, starts_now, stc = unpack(redis.call('HMGET', job, 'atm', 'ats', 'stc'))
if redis.call('EXISTS', job) == 0 then return {'missing', 0} end
if tonumber(made_now or '0') ~= tonumber(made) then return {'gone', 0} end
if redis.call('HEXISTS', job, 'finishedOn') == 1 then return {'gone', 0} end
local holder = redis.call('GET', lock)
if holder == owner then return {'held', 0} end
local moved = tonumber(starts_now or '0') > tonumber(starts)
local state = 'taken'
if not holder then
  if redis.call('LREM', active, -1, id) > 0 then
    state = 'held'
  elseif not redis.call('ZSCORE', delayed, id) then
    -- What was taken for a crash stands where the next job is taken: the list is searched from there.
    if redis.call('ZREM', prioritized, id) > 0 or redis.call('LREM', wait, -1, id) > 0 then
      state = 'held'
      moved = true
    end
  end
  if state == 'held' then
    redis.call('LPUSH', active, id)
    redis.call('SET', lock, owner, 'PX', duration)
    redis.call('SREM', stalled, id)
  end
end
stc = tonumber(stc or '0')
local took_back = 0
if moved and excused == '0' and stc > 0 then
  stc = redis.call('HINCRBY', job, 'stc', -1)
  if redis.call('HGET', job, 'defa') == crashed then redis.call('HDEL', job, 'defa') end
  took_back = 1
end
if state == 'taken' and holder and ended ~= '' then
  redis.call('HSET', job, 'scalr:ended', ended, 'scalr:endedStc', stc)
end
if state == 'taken' and holder and holder:match('^[^:]+') == owner:match('^[^:]+') then state = 'retaken' end
return {state, took_back}`;
