/**
 * Notes that a worker holds these rules.
 *
 * KEYS[1] the rules
 * ARGV[1] milliseconds to add to the clock of Redis
 * ARGV[2...] fields
 * Returns nothing
 */
export const ANNOUNCE_RULES = `
local now = redis.call('TIME')
local at = string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000) + ARGV[1])
for i = 2, #ARGV do redis.call('HSET', KEYS[1], ARGV[i], at) end
`;
