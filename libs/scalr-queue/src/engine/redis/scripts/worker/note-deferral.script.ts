/**
 * Notes that a worker without its handler has deferred the job, as `<since> <started> <times>`. It is the same series only where
 * nothing else has started the job in between: a snooze, a failed attempt or a crash begins a new one. Counts a start that came to no
 * run (`scalr:idle`).
 *
 * KEYS[1] the job
 * ARGV[1] the clock
 * ARGV[2] how often the job was started
 * Returns since when, and how many times
 */
export const NOTE_DEFERRAL = `
local since, started, times = string.match(redis.call('HGET', KEYS[1], 'scalr:aside') or '', '^(%d+) (%d+) (%d+)$')
if not since or tonumber(started) + 1 ~= tonumber(ARGV[2]) then since, times = ARGV[1], '0' end
times = string.format('%.0f', tonumber(times) + 1)
if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('HSET', KEYS[1], 'scalr:aside', since .. ' ' .. ARGV[2] .. ' ' .. times)
  redis.call('HINCRBY', KEYS[1], 'scalr:idle', 1)
end
return {since, times}`;
