import { MAX_EFFECTS } from '../../../job-effects.js';
import { RedisScript } from '../redis-script.js';

/**
 * An effect is a field of its job, which goes where the job goes and is deleted with it:
 * `s <token> <end of its lease> <when it was begun> <since when it is unknown, or 0> <1 where the job is dead for it>`, or `d` with its
 * result, or `l` with why that could not be stored. `scalr:waits` has the end of the lease and the field that a run was put aside for, for who
 * explains the job. Leases end by the clock of Redis. A run that has lost its job begins nothing.
 *
 * KEYS[1] the job
 * KEYS[2] its lock
 * ARGV[1] who holds the lock
 * ARGV[2] the field
 * ARGV[3] the token of the claim
 * ARGV[4] its lease in milliseconds
 * Returns `claimed`; `unknown`, since when, and 1 where somebody has retried the dead job; `busy` and for how long; `done` and the
 * result; `lost` and why; `taken`; or `full`
 */
export const CLAIM_EFFECT = new RedisScript(
  'scalrClaimEffect',
  `
local job, lock = unpack(KEYS)
local owner, field, token, lease = unpack(ARGV)
if redis.call('HEXISTS', job, 'name') == 0 then return { 'taken' } end
local holder = redis.call('GET', lock)
if holder and holder ~= owner then return { 'taken' } end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local stored = redis.call('HGET', job, field)
local began, unknown, retried = now, 0, 0
if stored then
  local kind = string.sub(stored, 1, 1)
  if kind == 'd' then return { 'done', string.sub(stored, 2) } end
  if kind == 'l' then return { 'lost', string.sub(stored, 2) } end
  local held, till, since, of_old, dead = string.match(stored, '^s (%S+) (%d+) (%d+) (%d+) (%d)$')
  began = tonumber(since)
  if held == token then
    unknown = tonumber(of_old)
  else
    if tonumber(till) > now then
      redis.call('HSET', job, 'scalr:waits', till .. ' ' .. field)
      return { 'busy', till - now }
    end
    unknown = tonumber(of_old) > 0 and tonumber(of_old) or began
    if dead == '1' and redis.call('HGET', job, 'scalr:unknown') == 'retried' then retried = 1 end
    began = now
  end
elseif redis.call('HLEN', job) >= ${MAX_EFFECTS} then
  return { 'full' }
end
redis.call('HSET', job, field, string.format('s %s %.0f %.0f %.0f 0', token, now + lease, began, unknown))
if unknown > 0 then return { 'unknown', string.format('%.0f', unknown), retried } end
return { 'claimed' }
`,
);

/** What finds the claim of a run in the field, or ends the script. */
const MY_CLAIM = `
local job, field, token = KEYS[1], ARGV[1], ARGV[2]
local stored = redis.call('HGET', job, field)
local held, till, since, of_old = string.match(stored or '', '^s (%S+) (%d+) (%d+) (%d+) %d$')
if held ~= token then return 0 end
`;

/**
 * Holds a claim for longer, or gives it up without a word on whether the effect has happened.
 *
 * KEYS[1] the job
 * ARGV[1] the field
 * ARGV[2] the token of the claim
 * ARGV[3] its lease in milliseconds from now on; 0 gives it up
 * ARGV[4] 1 where the job is about to be dead for it
 * Returns 1, or 0 where the claim is not held any more
 */
export const HOLD_EFFECT = new RedisScript(
  'scalrHoldEffect',
  `${MY_CLAIM}
local time = redis.call('TIME')
local till = ARGV[3] == '0' and 0 or time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[3]
redis.call('HSET', job, field, string.format('s %s %.0f %s %s %s', token, till, since, of_old, ARGV[4]))
if ARGV[4] == '1' then redis.call('HSET', job, 'scalr:unknown', 'dead') end
return 1
`,
);

/**
 * Ends a claim whose outcome is known.
 *
 * KEYS[1] the job
 * ARGV[1] the field
 * ARGV[2] the token of the claim
 * ARGV[3] what is stored from now on; '' for an effect that has not happened
 * Returns 1, or 0 where the claim is not held any more
 */
export const END_EFFECT = new RedisScript(
  'scalrEndEffect',
  `${MY_CLAIM}
if ARGV[3] == '' then redis.call('HDEL', job, field) else redis.call('HSET', job, field, ARGV[3]) end
return 1
`,
);

/**
 * Notes how far a running job is with its items. Progress tells that its crashes are not its own fault: they are counted anew.
 *
 * KEYS[1] the job
 * KEYS[2] its lock
 * ARGV[1] who holds the lock
 * ARGV[2] the field
 * ARGV[3] how far it is
 * ARGV[4] what is shown of it, or ''
 * Returns 1, or 0 where another run has the job, or it is not stored any more
 */
export const NOTE_ITEMS = new RedisScript(
  'scalrNoteItems',
  `
local job, lock = unpack(KEYS)
local owner, field, state, shown = unpack(ARGV)
local holder = redis.call('GET', lock)
if holder and holder ~= owner or redis.call('HEXISTS', job, 'name') == 0 then return 0 end
redis.call('HSET', job, field, state)
if shown ~= '' then
  redis.call('HSET', job, 'scalr:items', shown)
  redis.call('HDEL', job, 'stc')
end
return 1
`,
);
