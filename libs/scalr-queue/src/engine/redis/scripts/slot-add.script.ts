import { INSERT_JOB } from './insert-job.script.js';
import { RedisScript } from './redis-script.js';

/** Milliseconds that a slot is remembered after its job has ended: no worker that is late by more enqueues it. */
const SLOT_MEMORY = 3_600_000;

/**
 * Notes a slot and enqueues its job, both or neither.
 *
 * KEYS[1] the job
 * KEYS[2] the schedules
 * KEYS[3] the mark of its id once it has ended
 * KEYS[4...] those of `insertKeys`
 * ARGV[1] the field that notes the slot
 * ARGV[2] the slot
 * ARGV[3...] what `insert_job` takes, without the unique key
 * Returns 1 where the job was added, 0 where it is there or was
 */
export const ADD_SLOT = new RedisScript(
  'scalrAddSlot',
  `${INSERT_JOB}
local field, slot, prefix, id, name, data, opts, timestamp, delay, priority = unpack(ARGV)
redis.call('HSET', KEYS[2], field, slot)
if redis.call('EXISTS', KEYS[1], KEYS[3]) > 0 then return 0 end
insert_job(prefix, id, name, data, opts, timestamp, delay, priority, '')
redis.call('HSET', KEYS[1], 'kid', ${SLOT_MEMORY})
return 1
`,
);
