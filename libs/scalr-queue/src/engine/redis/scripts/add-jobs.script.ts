import { DELAYED_SCORE_UNIT, PRIORITY_SCORE_UNIT } from '../keys.js';
import { EVENT_STREAM_LENGTH } from '../../../contract/defaults.js';
import { CLAIM_JOB } from './claim-job.script.js';
import { INSERT_JOB } from './insert-job.script.js';
import { RedisScript } from './redis-script.js';

/** Elements of ARGV[2] that describe one job. */
const ELEMENTS_OF_JOB = 6;

/**
 * Adds jobs to a queue, as the engine's own add scripts do one by one: what is the same for all of them is done once.
 * `test/integration/insert-job.int-spec.ts` compares what it leaves in Redis with what the engine leaves.
 *
 * KEYS[1...] those of `insertKeys`, in their order; then the keys of the jobs that have a claim, and of the marks of their ids
 * ARGV[1] the prefix of the queue with its colon
 * ARGV[2] a JSON array with, for each job, its id, the index of its kind from 0 on, timestamp and delay in milliseconds (texts), the length of its
 * payload in bytes, and 0, or what `claim_job` takes of one whose id or unique key may be taken
 * ARGV[3] the payloads, one after the other
 * ARGV[4...] for each kind its name, stored options and priority
 * Returns of each job that was not simply created its index, `failed` or what became of it, the error or the stored id of the job
 * that counts, and the former queue that this is in, from 1 on, else 0
 */
export const ADD_JOBS = new RedisScript(
  'scalrAddJobs',
  `${INSERT_JOB}${CLAIM_JOB}
local meta, counter, wait, delayed, prioritized, turns, active, marker, events = unpack(KEYS, 1, 9)
local call = redis.call
local prefix, jobs, payloads = ARGV[1], cjson.decode(ARGV[2]), ARGV[3]
local settings = call('HMGET', meta, 'paused', 'concurrency', 'opts.maxLenEvents')
local kept = settings[3]
if not kept then
  kept = ${EVENT_STREAM_LENGTH}
  call('HSET', meta, 'opts.maxLenEvents', kept)
end
local answers, waiting, can_start, is_delayed = {}, {}, false, false
local from = 1
for at = 1, #jobs, ${ELEMENTS_OF_JOB} do
  local id, kind, timestamp, delay, claim = jobs[at], 4 + 3 * jobs[at + 1], jobs[at + 2], jobs[at + 3], jobs[at + 5]
  local name, opts, priority = ARGV[kind], ARGV[kind + 1], ARGV[kind + 2]
  local data = string.sub(payloads, from, from + jobs[at + 4] - 1)
  from = from + jobs[at + 4]
  local is_new, is_claimed = true, claim ~= 0
  if is_claimed then
    -- What is wrong with the keys of one job must not keep the others from their list.
    local given = { id = id, name = name, data = data, opts = opts, timestamp = timestamp, delay = delay, priority = priority }
    local ok, stores, status, holder, place = pcall(claim_job, prefix, given, claim)
    is_new = ok and stores
    if not ok then
      answers[#answers + 1] = { (at - 1) / ${ELEMENTS_OF_JOB}, 'failed', type(stores) == 'table' and stores.err or tostring(stores), 0 }
    elseif status ~= 'created' then
      answers[#answers + 1] = { (at - 1) / ${ELEMENTS_OF_JOB}, status, holder, place or 0 }
    end
  end
  -- A job that is there already is there in full: repeating the call does nothing.
  if is_new and call('HSET', prefix .. id, 'name', name, 'data', data, 'opts', opts, 'timestamp', timestamp,
    'delay', delay, 'priority', priority) > 0 then
    if is_claimed then
      if claim[2] ~= '' then call('HSET', prefix .. id, 'deid', claim[2]) end
      if claim[5] ~= '' then call('HSET', prefix .. id, 'kid', claim[5]) end
    end
    call('XADD', events, 'MAXLEN', '~', kept, '*', 'event', 'added', 'jobId', id, 'name', name)
    if delay ~= '0' then
      local due = timestamp + delay
      local score, last = due * ${DELAYED_SCORE_UNIT}, due * ${DELAYED_SCORE_UNIT} + ${DELAYED_SCORE_UNIT - 1}
      local top = call('ZREVRANGEBYSCORE', delayed, last, score, 'WITHSCORES', 'LIMIT', 0, 1)[2]
      if top then score = math.min(top + 1, last) end
      call('ZADD', delayed, score, id)
      call('XADD', events, 'MAXLEN', '~', kept, '*', 'event', 'delayed', 'jobId', id, 'delay', due)
      is_delayed = true
    else
      if priority == '0' then waiting[#waiting + 1] = id
      else call('ZADD', prioritized, priority * ${PRIORITY_SCORE_UNIT} + call('INCR', turns) % ${PRIORITY_SCORE_UNIT}, id) end
      can_start = true
      call('XADD', events, 'MAXLEN', '~', kept, '*', 'event', 'waiting', 'jobId', id)
    end
  end
end
-- The engine counts duplicates, too. INCRBY is not among the commands that an app of an earlier release was given.
call('SET', counter, (call('GET', counter) or 0) + #jobs / ${ELEMENTS_OF_JOB})
if #waiting > 0 then call('LPUSH', wait, unpack(waiting)) end
if is_delayed then
  call('ZADD', marker, call('ZRANGE', delayed, 0, 0, 'WITHSCORES')[2] / ${DELAYED_SCORE_UNIT}, '1')
end
if can_start and not settings[1] and (not settings[2] or call('LLEN', active) < tonumber(settings[2])) then
  call('ZADD', marker, 0, '0')
end
return answers
`,
);

/**
 * The same for one job with a new id that can start at once: most calls of a process that enqueues now and then.
 *
 * KEYS[1] the job
 * KEYS[2] the jobs that wait
 * KEYS[3] the settings of the queue
 * KEYS[4] its counter of jobs
 * KEYS[5] the jobs that run
 * KEYS[6] the marker that wakes workers
 * KEYS[7] the event stream
 * ARGV[1] the stored id
 * ARGV[2] the name
 * ARGV[3] the payload
 * ARGV[4] the stored options
 * ARGV[5] the timestamp
 * Returns nothing
 */
export const ADD_JOB = new RedisScript(
  'scalrAddJob',
  `
local call = redis.call
local id, name = ARGV[1], ARGV[2]
if call('HSET', KEYS[1], 'name', name, 'data', ARGV[3], 'opts', ARGV[4], 'timestamp', ARGV[5], 'delay', '0', 'priority', '0') == 0 then return end
call('INCR', KEYS[4])
call('LPUSH', KEYS[2], id)
local settings = call('HMGET', KEYS[3], 'paused', 'concurrency', 'opts.maxLenEvents')
local kept = settings[3]
if not kept then
  kept = ${EVENT_STREAM_LENGTH}
  call('HSET', KEYS[3], 'opts.maxLenEvents', kept)
end
call('XADD', KEYS[7], 'MAXLEN', '~', kept, '*', 'event', 'added', 'jobId', id, 'name', name)
call('XADD', KEYS[7], 'MAXLEN', '~', kept, '*', 'event', 'waiting', 'jobId', id)
if not settings[1] and (not settings[2] or call('LLEN', KEYS[5]) < tonumber(settings[2])) then call('ZADD', KEYS[6], 0, '0') end
`,
);
