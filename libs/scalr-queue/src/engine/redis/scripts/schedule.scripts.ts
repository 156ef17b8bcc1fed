/**
 * Replaces the schedules of a program unless they are those of a worker that booted later. A new boot is always later than all before
 * it, whatever the clocks say. Schedules of another program stay; those that release 0.1.0 declared belong to any.
 *
 * KEYS[1] the schedules
 * ARGV[1] the boot of the declaring worker, 0 for a new one
 * ARGV[2] its clock
 * ARGV[3] its program
 * ARGV[4] the worker in words
 * ARGV[5...] names and stored texts
 * Returns the boot, and of each schedule that was removed or changed the text, the last slot and who had declared it
 */
export const DECLARE = `
local all = redis.call('HGETALL', KEYS[1])
local stored = {}
for i = 1, #all, 2 do stored[all[i]] = all[i + 1] end
local newest = tonumber(stored['~boot'] or '0')
local boot, program = tonumber(ARGV[1]), ARGV[3]
local newestBy, newestProgram = string.match(stored['~boot-by'] or '', '^(%d+) (%S*)')
local current = tonumber(stored['~boot:' .. program] or '0')
if newestBy ~= stored['~boot'] or newestProgram == program then current = math.max(current, newest) end
if boot == 0 then
  boot = math.max(tonumber(ARGV[2]), newest + 1)
elseif current >= boot then
  return {string.format('%.0f', boot)}
end
local wanted = {}
for i = 5, #ARGV, 2 do wanted['def:' .. ARGV[i]] = ARGV[i + 1] end
local reply = {string.format('%.0f', boot)}
for field, text in pairs(stored) do
  local name = string.sub(field, 5)
  local owner = string.match(stored['by:' .. name] or '', '^(%S+)')
  local isOurs = wanted[field] or not owner or owner == '-' or program == '-' or owner == program
  if string.sub(field, 1, 4) == 'def:' and wanted[field] ~= text and isOurs then
    table.insert(reply, text)
    table.insert(reply, stored['last:' .. name] or '0')
    table.insert(reply, stored['by:' .. name] or '')
    redis.call('HDEL', KEYS[1], field, 'last:' .. name, 'by:' .. name)
    if not wanted[field] then
      redis.call('HDEL', KEYS[1], 'run:' .. name, 'missed:' .. name, 'ok:' .. name)
    end
  end
end
redis.call('HSET', KEYS[1], '~boot:' .. program, reply[1])
if boot > newest then
  redis.call('HSET', KEYS[1], '~boot', reply[1], '~boot-by', reply[1] .. ' ' .. program .. ' ' .. ARGV[4])
end
for field, text in pairs(wanted) do
  redis.call('HSET', KEYS[1], field, text, 'by:' .. string.sub(field, 5), program .. ' ' .. ARGV[4])
end
return reply`;

/**
 * Says whether a job of a schedule may start, and notes the run and the admission, which holds for every later attempt. An older
 * version of the library noted no admission: a job that was taken before, by a schedule that has run since, is one of its runs unless
 * it was deferred.
 *
 * KEYS[1] the schedules
 * KEYS[2] the job
 * ARGV[1] the name of the schedule
 * ARGV[2] its revision, '' for any
 * ARGV[3] the slot
 * ARGV[4] the clock
 * ARGV[5] 1 when late
 * ARGV[6] 1 when late ones run once
 * ARGV[7] 1 when a person asked for the run
 * ARGV[8] 1 when the job was taken before
 * Returns the verdict, and with `changed` the stored text
 */
export const ADMIT = `
local name, revision, slot, now = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local late, once, manual = ARGV[5] == '1', ARGV[6] == '1', ARGV[7] == '1'
local marks = redis.call('HMGET', KEYS[2], 'scalr:admitted', 'scalr:aside')
if marks[1] then return {'again'} end
local text = redis.call('HGET', KEYS[1], 'def:' .. name)
if not text then return manual and {'run'} or {'removed'} end
local run = redis.call('HGET', KEYS[1], 'run:' .. name)
local covered = run and tonumber(string.match(run, '^%d+')) or 0
if ARGV[8] == '1' and not marks[2] and covered >= slot then return {'again'} end
if not manual then
  local boot = tonumber(redis.call('HGET', KEYS[1], '~boot') or '0')
  if revision ~= '' and slot > boot and string.sub(text, 1, #revision) ~= revision then return {'changed', text} end
  if redis.call('HEXISTS', KEYS[1], 'paused:' .. name) == 1 then return {'paused'} end
  if late and not once then
    local before = tonumber(redis.call('HGET', KEYS[1], 'missed:' .. name) or '0')
    if slot > before then redis.call('HSET', KEYS[1], 'missed:' .. name, string.format('%.0f', slot)) end
    return {'missed'}
  end
  if late and covered >= slot then return {'covered'} end
end
if redis.call('EXISTS', KEYS[2]) == 1 then redis.call('HSET', KEYS[2], 'scalr:admitted', '1') end
redis.call('HSET', KEYS[1], 'run:' .. name, string.format('%.0f %.0f', math.max(covered, slot, now), now))
return {'run'}`;
