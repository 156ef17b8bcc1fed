/**
 * Reads the record of a job field by field: of what is too large only the length comes over the network.
 *
 * KEYS[1] the job
 * ARGV[1] the most bytes of a field
 * ARGV[2...] names of the fields
 * Returns the type of the value; of a hash, then for each field its text, its length where it is too large, or false
 */
export const READ_RECORD = `
local job, limit = KEYS[1], tonumber(ARGV[1])
local record = { redis.call('TYPE', job).ok }
if record[1] ~= 'hash' then return record end
for at = 2, #ARGV do
  local size = redis.call('HSTRLEN', job, ARGV[at])
  record[at] = size > limit and size or redis.call('HGET', job, ARGV[at])
end
return record
`;

/** How far from each end a list is searched for an id. */
const MAX_LOOKS = 10_000;

/**
 * Whether a job is in a queue, also when nothing but its id is left there.
 *
 * KEYS[1...] lists, then sorted sets of the queue
 * ARGV[1] how many lists
 * ARGV[2] the id
 * Returns 1 when one of them holds the id, else 0
 */
export const IS_LISTED = `
local lists, id = tonumber(ARGV[1]), ARGV[2]
for at, key in ipairs(KEYS) do
  local kind = redis.call('TYPE', key).ok
  if at <= lists and kind == 'list' then
    if redis.call('LPOS', key, id, 'MAXLEN', ${MAX_LOOKS}) or redis.call('LPOS', key, id, 'RANK', -1, 'MAXLEN', ${MAX_LOOKS}) then
      return 1
    end
  elseif at > lists and kind == 'zset' and redis.call('ZSCORE', key, id) then
    return 1
  end
end
return 0
`;
