import { GLIMPSE_PAYLOAD } from '../../glimpse.js';
import { RedisScript } from './redis-script.js';

/**
 * Looks at the waiting jobs at some places of their lists, and reads no more of them than a sample needs.
 *
 * KEYS[1] the list of jobs that wait
 * KEYS[2] the sorted set of those with a priority
 * ARGV[1] the prefix of the queue with its colon
 * ARGV[2] 1 to read payloads, else 0
 * ARGV[3...] places from 0 on: those of the list, and after them those of the set
 * Returns how many wait; then for each place that is taken the id, and where its record is a hash the size of the payload, the name, the stored
 * options and the payload; a field that is too large, absent or not asked for is false
 */
export const GLIMPSE = new RedisScript(
  'scalrGlimpse',
  `
local call, prefix, whole = redis.call, ARGV[1], ARGV[2] == '1'
local function short(key, field)
  return call('HSTRLEN', key, field) <= ${GLIMPSE_PAYLOAD} and call('HGET', key, field)
end
local listed = call('LLEN', KEYS[1])
local found = { listed + call('ZCARD', KEYS[2]) }
for at = 3, #ARGV do
  local place = tonumber(ARGV[at])
  local id
  if place < listed then id = call('LINDEX', KEYS[1], place)
  else id = call('ZRANGE', KEYS[2], place - listed, place - listed)[1] end
  if id then
    local job, key = { id }, prefix .. id
    if call('TYPE', key).ok == 'hash' then
      job = { id, call('HSTRLEN', key, 'data'), short(key, 'name'), short(key, 'opts'), whole and short(key, 'data') }
    end
    found[#found + 1] = job
  end
end
return found
`,
);
