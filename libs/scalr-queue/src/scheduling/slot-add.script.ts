import { INSERT_JOB } from '../connection/insert-job.script.js';
import { RedisScript } from '../connection/redis-script.js';

/**
 * Notes a slot and enqueues its job, both or neither.
 * KEYS[1] the job; KEYS[2] the schedules. ARGV: field that notes the slot, slot, then what `insert_job` takes.
 * RETURNS 1 where the job was added, 0 where it was there.
 */
export const ADD_SLOT = new RedisScript(
  'scalrAddSlot',
  `${INSERT_JOB}
local field, slot, prefix, id, name, data, opts, timestamp, delay, priority = unpack(ARGV)
redis.call('HSET', KEYS[2], field, slot)
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
insert_job(prefix, id, name, data, opts, timestamp, delay, priority, '')
return 1
`,
);
