/**
 * Counts a start that comes to no run.
 *
 * KEYS[1] the job
 * KEYS[2] its lock
 * ARGV[1] who holds the lock
 * Returns 1, or 0 for a lock that is lost
 */
export const NOTE_IDLE = `
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('HINCRBY', KEYS[1], 'scalr:idle', 1)
return 1`;

/**
 * Forgets the crashes of a job.
 *
 * KEYS[1] the job
 * KEYS[2] its lock
 * ARGV[1] who holds the lock
 * Returns 1, or 0 for a lock that is lost
 */
export const FORGIVE = `
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[1], 'stc')
return 1`;
