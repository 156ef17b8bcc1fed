import { PING_JOB } from '../../../contract/ping.js';
import { DEFAULT_KEEP_IDS, KEEP_OWN_IDS } from '../../../contract/defaults.js';

/**
 * Lua functions for scripts that end a job. `prefix` is that of the queue with its colon, one queue for a script.
 *
 * remember_id(prefix, id, memory): resending the id makes no second job although the first may be gone. `memory` is what the job
 * has stored in `kid`: milliseconds, for an id that the caller chose. Others are UUIDs of version 7 that the library made. Pings
 * are not remembered: nobody resends one.
 * Upstream: `de:<unique key>` holds the id of the job that has the key.
 *
 * free_unique(prefix, id, unique): gives the unique key free where this job holds it, whatever is left of its window.
 */
export const ENDED_JOB = `
local x = '%x'
local own_id = '~' .. x:rep(8) .. '%-' .. x:rep(4) .. '%-7' .. x:rep(3) .. '%-' .. x:rep(4) .. '%-' .. x:rep(12) .. '$'
local ended
local function remember_id(prefix, id, memory)
  if not string.find(id, '^[^~]+~') or string.find(id, '^${PING_JOB.replace('.', '%.')}~') then return end
  memory = tonumber(memory) or (string.find(id, own_id) and ${KEEP_OWN_IDS} or ${DEFAULT_KEEP_IDS})
  if memory <= 0 then return end
  ended = ended or string.match(prefix, '^(.*:)[^:]+:$') .. '~ended:'
  redis.call('SET', ended .. id, 1, 'PX', memory)
end

local function free_unique(prefix, id, unique)
  if not unique then return end
  local key = prefix .. 'de:' .. unique
  if redis.call('GET', key) == id then redis.call('DEL', key) end
end
`;
