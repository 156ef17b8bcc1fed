import { RedisScript } from './redis-script.js';

/**
 * The state of a job, in the words of the engine. The engine's own script for it searches lists as Redis before 6.0.6 had to, with a copy
 * of all ids that wait: it asks for no version on our connections, and takes that for the oldest.
 *
 * KEYS[1] completed
 * KEYS[2] failed
 * KEYS[3] delayed
 * KEYS[4] prioritized
 * KEYS[5] waiting-children
 * KEYS[6] active
 * KEYS[7] wait
 * ARGV[1] the id
 * Returns its state; `unknown` where no list or set has it
 */
export const JOB_STATE = new RedisScript(
  'scalrJobState',
  `
local id = ARGV[1]
for at, state in ipairs({ 'completed', 'failed', 'delayed', 'prioritized', 'waiting-children' }) do
  if redis.call('ZSCORE', KEYS[at], id) then return state end
end
if redis.call('LPOS', KEYS[6], id) then return 'active' end
if redis.call('LPOS', KEYS[7], id) then return 'waiting' end
return 'unknown'
`,
);
