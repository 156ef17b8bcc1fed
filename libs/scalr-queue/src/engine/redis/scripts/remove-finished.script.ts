/**
 * Removes finished jobs for good, those that are still in the same set with the same end: another process may have retried one,
 * and it may have ended anew. This is the only place where retention removes jobs.
 *
 * KEYS[1] the set of completed or dead jobs
 * ARGV[1] the prefix of the queue with its colon
 * ARGV[2...] stored id and time of the end of each, of few hundred jobs at the most
 * Returns the ids that were left because they are children of a flow: the engine knows what their parents wait for
 */
export const REMOVE_FINISHED = `
local prefix = ARGV[1]
local children, removed, ids, keys = {}, {}, {}, {}
local parts = { '', ':logs', ':dependencies', ':processed', ':failed', ':unsuccessful' }
for i = 2, #ARGV, 2 do
  local id = ARGV[i]
  local job = prefix .. id
  if tonumber(redis.call('ZSCORE', KEYS[1], id) or -1) == tonumber(ARGV[i + 1]) then
    local parent = redis.call('HGET', job, 'parentKey')
    if parent and not removed[parent] and redis.call('EXISTS', parent) == 1 then
      table.insert(children, id)
    else
      removed[job] = true
      ids[#ids + 1] = id
      for _, part in ipairs(parts) do keys[#keys + 1] = job .. part end
    end
  end
end
if #ids > 0 then
  redis.call('ZREM', KEYS[1], unpack(ids))
  redis.call('DEL', unpack(keys))
end
return children
`;
