/**
 * Looks through a slice of the event stream of a queue, from the newest entry to the oldest, for the end of one of some jobs. Upstream:
 * the fields of its entries.
 *
 * KEYS[1] the stream
 * ARGV[1] where to begin
 * ARGV[2] how many entries to look at
 * ARGV[3...] stored ids
 * Returns the event and its value; else where to go on; else nothing, at the end of the stream
 */
export const FIND_END = `
local entries = redis.call('XREVRANGE', KEYS[1], ARGV[1], '-', 'COUNT', ARGV[2])
local wanted = {}
for i = 3, #ARGV do wanted[ARGV[i]] = true end
for _, entry in ipairs(entries) do
  local fields = {}
  for i = 1, #entry[2], 2 do fields[entry[2][i]] = entry[2][i + 1] end
  if wanted[fields.jobId or ''] and fields.event == 'completed' then return {'completed', fields.returnvalue} end
  if wanted[fields.jobId or ''] and fields.event == 'failed' then return {'failed', fields.failedReason} end
end
if #entries < tonumber(ARGV[2]) then return {} end
return {'(' .. entries[#entries][1]}
`;
