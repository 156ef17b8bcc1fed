/**
 * Removes finished jobs for good, those that are still in the same set with the same end: another process may have retried one,
 * and it may have ended anew. This is the only place where retention removes jobs.
 *
 * KEYS[1] the set of completed or dead jobs
 * ARGV[1] the prefix of the queue with its colon
 * ARGV[2...] stored id and time of the end of each
 * Returns the ids that were left because they are children of a flow: the engine knows what their parents wait for
 */
export const REMOVE_FINISHED = `
local prefix = ARGV[1]
local children = {}
for i = 2, #ARGV, 2 do
  local id = ARGV[i]
  local job = prefix .. id
  if tonumber(redis.call('ZSCORE', KEYS[1], id) or -1) == tonumber(ARGV[i + 1]) then
    local parent = redis.call('HGET', job, 'parentKey')
    if parent and redis.call('EXISTS', parent) == 1 then
      table.insert(children, id)
    else
      redis.call('ZREM', KEYS[1], id)
      redis.call('DEL', job, job .. ':logs', job .. ':dependencies', job .. ':processed', job .. ':failed', job .. ':unsuccessful')
    end
  end
end
return children
`;
