/** KEYS[1] a job, KEYS[2] its lock; ARGV[1] who holds it. Counts a start that comes to no run. RETURNS 1, or 0 for a lock that is lost. */
export const NOTE_IDLE = `
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('HINCRBY', KEYS[1], 'scalr:idle', 1)
return 1`;

/** KEYS[1] a job, KEYS[2] its lock; ARGV[1] who holds it. Forgets its crashes. RETURNS 1, or 0 for a lock that is lost. */
export const FORGIVE = `
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[1], 'stc')
return 1`;
