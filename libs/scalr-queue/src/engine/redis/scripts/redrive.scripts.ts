import { KEEP_REDRIVES, LISTED_REDRIVES } from '../../redrive-records.js';

/** Lua functions now_ms(), by the clock of Redis, and holds(op, holder): whether the redrive runs and is held by that one. */
export const HELD_REDRIVE = `
local function now_ms()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

local function holds(op, holder)
  local found = redis.call('HMGET', op, 'state', 'holder')
  return found[1] == 'running' and found[2] == holder
end
`;

/**
 * Writes a new redrive.
 *
 * KEYS[1] the redrive
 * KEYS[2] the index of the redrives
 * ARGV[1] its id
 * ARGV[2] who holds it
 * ARGV[3] the milliseconds of the lease
 * ARGV[4] when it began
 * ARGV[5] jobs that match
 * ARGV[6...] its plan: fields and values
 * Returns nothing
 */
export const OPEN_REDRIVE = `${HELD_REDRIVE}
local op, index = unpack(KEYS)
redis.call('HSET', op, unpack(ARGV, 6))
redis.call('HSET', op, 'state', 'running', 'holder', ARGV[2], 'until', now_ms() + ARGV[3], 'at', ARGV[4],
  'matched', ARGV[5], 'retried', 0, 'kept', 0, 'told', 0)
redis.call('PEXPIRE', op, ${KEEP_REDRIVES})
redis.call('ZADD', index, ARGV[4], ARGV[1])
for _, old in ipairs(redis.call('ZREVRANGE', index, ${LISTED_REDRIVES}, -1)) do redis.call('ZREM', index, old) end
redis.call('PEXPIRE', index, ${KEEP_REDRIVES})
`;

/**
 * Takes a redrive that nobody holds.
 *
 * KEYS[1] the redrive
 * KEYS[2] the jobs that it retried first
 * ARGV[1] who takes it
 * ARGV[2] the milliseconds of the lease
 * ARGV[3] 1 to take only one whose holder is lost
 * ARGV[4...] parts of the plan that change: fields and values
 * Returns 1 when it was taken, 0 when there is none, -1 when it is done, or was stopped, else in a list the milliseconds for which it is held
 */
export const TAKE_REDRIVE = `${HELD_REDRIVE}
local op, sample = unpack(KEYS)
local state, ends = unpack(redis.call('HMGET', op, 'state', 'until'))
if not state then return 0 end
if state == 'done' then return -1 end
local now = now_ms()
if state ~= 'stopped' and tonumber(ends or 0) > now then return {ends - now} end
if state ~= 'running' then
  if ARGV[3] == '1' then return -1 end
  redis.call('DEL', sample)
end
if #ARGV > 3 then redis.call('HSET', op, unpack(ARGV, 4)) end
redis.call('HDEL', op, 'why')
redis.call('HSET', op, 'state', 'running', 'holder', ARGV[1], 'until', now + ARGV[2])
redis.call('PEXPIRE', op, ${KEEP_REDRIVES})
return 1
`;

/**
 * Shows that a redrive is still run, and how far it is.
 *
 * KEYS[1] the redrive
 * KEYS[2] the jobs that it retried first
 * ARGV[1] who holds it
 * ARGV[2] the milliseconds of the lease
 * ARGV[3] where to carry on; absent where that has not changed
 * Returns 1, or 0 where it is not held any more or is to stop
 */
export const ADVANCE_REDRIVE = `${HELD_REDRIVE}
local op, sample = unpack(KEYS)
if not holds(op, ARGV[1]) then return 0 end
redis.call('HSET', op, 'until', now_ms() + ARGV[2])
if ARGV[3] then redis.call('HSET', op, 'cursor', ARGV[3]) end
redis.call('PEXPIRE', op, ${KEEP_REDRIVES})
redis.call('PEXPIRE', sample, ${KEEP_REDRIVES})
return 1
`;

/**
 * Ends a run of a redrive.
 *
 * KEYS[1] the redrive
 * ARGV[1] who holds it
 * ARGV[2] its state from now on
 * ARGV[3] why; empty for no reason
 * Returns the jobs that were retried since the last run ended, or -1 where it is not held by that one
 */
export const END_REDRIVE = `
local op = KEYS[1]
if redis.call('HGET', op, 'holder') ~= ARGV[1] then return -1 end
redis.call('HSET', op, 'state', ARGV[2])
if ARGV[3] ~= '' then redis.call('HSET', op, 'why', ARGV[3]) end
redis.call('HDEL', op, 'holder', 'until')
local retried, told = unpack(redis.call('HMGET', op, 'retried', 'told'))
redis.call('HSET', op, 'told', retried)
redis.call('PEXPIRE', op, ${KEEP_REDRIVES})
return retried - told
`;

/**
 * Asks whoever runs a redrive to stop. The scripts of that one do nothing from then on.
 *
 * KEYS[1] the redrive
 * Returns 1, or 0 where none runs
 */
export const STOP_REDRIVE = `${HELD_REDRIVE}
local op = KEYS[1]
local state, ends = unpack(redis.call('HMGET', op, 'state', 'until'))
if state ~= 'running' then return 0 end
if tonumber(ends or 0) > now_ms() then
  redis.call('HSET', op, 'state', 'stopping')
else
  redis.call('HSET', op, 'state', 'stopped', 'why', 'asked')
end
return 1
`;
