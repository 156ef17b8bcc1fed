import { RedisScript } from './redis-script.js';

/**
 * The state of a job, in the words of the engine. The engine's own script for it searches lists as Redis before 6.0.6 had to, with a copy
 * of all ids that wait: it asks for no version on our connections, and takes that for the oldest.
 *
 * KEYS     completed, failed, delayed, prioritized, waiting-children, active, wait
 * ARGV     the id
 * RETURNS  its state; `unknown` where no list or set has it
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
