import { RedisScript } from './redis-script.js';

/**
 * Reads a few jobs for the dashboard, field by field and never the whole record: of fifty megabytes only the length comes over the
 * network, of a large field only its beginning.
 *
 * KEYS[1...] the jobs
 * ARGV[1] the number of small fields
 * ARGV[2] the size in bytes above which a large field is not read
 * ARGV[3] the size above which only that much of it is returned
 * ARGV[4] the number of large fields to which that does not apply
 * ARGV[5...] the names of the small fields, then of the large ones, those to be returned whole first
 * Returns per job false when it is not there, nothing of one whose record is no hash, else its fields in this order: a string, the
 * size of one that is not read, or the beginning and the size of one that is cut
 */
export const READ_JOBS = new RedisScript(
  'scalrReadJobs',
  `
local small, limit, most, whole = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local jobs = {}
for at, key in ipairs(KEYS) do
  local kind = redis.call('TYPE', key).ok
  if kind == 'hash' then
    local job = redis.call('HMGET', key, unpack(ARGV, 5, 4 + small))
    for field = 5 + small, #ARGV do
      local size = redis.call('HSTRLEN', key, ARGV[field])
      if size > limit then
        job[#job + 1] = size
      else
        local value = redis.call('HGET', key, ARGV[field])
        local cut = size > most and field - 4 - small > whole
        job[#job + 1] = cut and { string.sub(value, 1, most), size } or value
      end
    end
    jobs[at] = job
  else
    jobs[at] = kind ~= 'none' and {}
  end
end
return jobs
`,
);
