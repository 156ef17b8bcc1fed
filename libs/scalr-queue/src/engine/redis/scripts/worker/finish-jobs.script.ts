import { DELAYED_SCORE_UNIT, PRIORITY_SCORE_UNIT } from '../../keys.js';
import { EVENT_STREAM_LENGTH } from '../../../../contract/defaults.js';
import { ENDED_JOB } from '../ended-job.script.js';
import { RedisScript } from '../redis-script.js';

/** Delayed jobs that become due in one call, as the engine has it. */
const DUE_PER_CALL = 1_000;

/** Characters of a record that is part of one text. */
const SHORT_RECORD = 4_096;

/**
 * Ends completed jobs and takes the next ones, as the engine's script does for one of each: what is the same for all of them is done
 * once. What it does not do itself it leaves alone, for the engine's script: a queue with a rate limit, a job of a flow, one whose
 * unique key has a successor, one that is not held, or whose record is damaged.
 * `test/integration/finish-jobs.int-spec.ts` compares what it leaves in Redis with what the engine leaves.
 *
 * A call that is sent again, because its connection broke before the answer came, has the same number: it is answered with what it
 * did the first time, and does nothing.
 *
 * KEYS[1] wait
 * KEYS[2] active
 * KEYS[3] prioritized
 * KEYS[4] events
 * KEYS[5] stalled
 * KEYS[6] delayed
 * KEYS[7] meta
 * KEYS[8] the counter of jobs with a priority
 * KEYS[9] marker
 * KEYS[10] completed
 * KEYS[11] where the answer of the last call of this lane of the worker is kept
 * KEYS[12] what the workers have taken ahead: a hash
 * ARGV[1] the prefix of the queue with its colon
 * ARGV[2] the number of the call
 * ARGV[3] milliseconds that its answer is kept
 * ARGV[4] the clock
 * ARGV[5] milliseconds that a lock holds
 * ARGV[6] the name of the worker
 * ARGV[7] how many jobs are wanted beside those that follow an ended one
 * ARGV[8] how many more are taken ahead at the most: what is taken beyond the wanted ones waits in the worker for its turn
 * ARGV[9] the token that those of ARGV[7] and ARGV[8] are locked with
 * ARGV[10] the field of the worker and lane in KEYS[12], or '' where it has none and needs none
 * ARGV[11] what it has taken before and is neither running nor in this call, as a JSON array of ids and tokens in turn, or ''
 * ARGV[12...] for each completed job its id, token, result, attempts with this one, 1 when it is kept, and 1 when the next job is wanted,
 * to be locked with the same token; 2 when that is counted in ARGV[7]
 * What is taken ahead is noted, with those to start at once beside them: they may be over before the next call says so.
 *
 * Nothing is taken ahead where jobs are limited over all workers, nor beside a job whose worker has crashed: that job, and what comes
 * after the wanted ones, is left where it was.
 *
 * Returns false, with nothing done, for a queue with a rate limit; else a JSON text, and after it the fields of each long record. The text:
 * for each completed job 0, or 1 when nothing was done; for each job taken its place, id and fields but for when (ARGV[4]) and where
 * (ARGV[6]) it is run, or the number of the long record, or false for one that is damaged; when the next delayed job is due, or ''; 1
 * where the worker of a job that was found has crashed. An empty list is told as {}.
 */
export const FINISH_JOBS = new RedisScript(
  'scalrFinishJobs',
  `${ENDED_JOB}
local wait, active, prioritized, events, stalled, delayed, meta, turns, marker, completed, answer, ahead = unpack(KEYS)
local call, pcall = redis.call, redis.pcall
local prefix, number, kept_for, now, duration, worker = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local free, more, token_of_free, ahead_field, ahead_before = tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9], ARGV[10], ARGV[11]

local has_crashed = 0
-- Of no account to a run, or told by the call itself.
local left_out = { kid = true, ['scalr:idle'] = true, ['scalr:suspect'] = true, processedOn = true, ats = true, pb = true }
local function fields_of(id)
  local stored = pcall('HGETALL', prefix .. id)
  if stored.err then return nil, 0 end
  local fields, starts = {}, 0
  for at = 1, #stored, 2 do
    local field = stored[at]
    if field == 'ats' then starts = tonumber(stored[at + 1])
    elseif field == 'stc' or field == 'scalr:suspect' then has_crashed = 1 end
    if not left_out[field] then
      fields[#fields + 1] = field
      fields[#fields + 1] = stored[at + 1]
    end
  end
  return fields, starts
end

local long = {}
local function told(fields, count)
  if not fields or not count then return false end
  local length = 0
  for at = 1, #fields do length = length + #fields[at] end
  fields[#fields + 1] = 'ats'
  fields[#fields + 1] = string.format('%.0f', count)
  if length <= ${SHORT_RECORD} then return fields end
  long[#long + 1] = fields
  return #long
end

-- As one text: the worker reads one sooner than a hundred.
local function reply(codes, jobs, due)
  return { cjson.encode({ codes, jobs, due, has_crashed }), unpack(long) }
end

local function next_delayed()
  local score = call('ZRANGE', delayed, 0, 0, 'WITHSCORES')[2]
  return score and tostring(score / ${DELAYED_SCORE_UNIT}) or ''
end

local before = call('GET', answer)
if before then
  local answered, codes, ids, tokens = cmsgpack.unpack(before)
  if answered == number then
    local jobs = {}
    for at, id in ipairs(ids) do
      if call('GET', prefix .. id .. ':lock') == tokens[at] then
        jobs[#jobs + 1] = { at, id, told(fields_of(id)) }
      end
    end
    return reply(codes, jobs, next_delayed())
  end
end

local settings = call('HMGET', meta, 'paused', 'concurrency', 'max', 'opts.maxLenEvents')
if settings[3] then return false end
local events_kept = settings[4]
if not events_kept then
  events_kept = ${EVENT_STREAM_LENGTH}
  call('HSET', meta, 'opts.maxLenEvents', events_kept)
end
call('XTRIM', events, 'MAXLEN', '~', events_kept)

local family, lock_keys, held = {}, {}, {}
for at = 12, #ARGV, 6 do
  local job = prefix .. ARGV[at]
  lock_keys[#lock_keys + 1] = job .. ':lock'
  -- One by one: users of Redis that were made for earlier releases may not MGET.
  held[#held + 1] = call('GET', job .. ':lock')
  family[#family + 1] = job .. ':dependencies'
  family[#family + 1] = job .. ':unsuccessful'
end
local has_children = #family > 0 and call('EXISTS', unpack(family)) > 0

local function is_for_engine(id, is_held, parent, unique)
  local job = prefix .. id
  if parent or not is_held then return true end
  if has_children and call('EXISTS', job .. ':dependencies', job .. ':unsuccessful') > 0 then return true end
  if unique and call('EXISTS', prefix .. 'dn:' .. unique) == 1 then return true end
  return call('LREM', active, -1, id) == 0
end

local codes, locks, done, scores, tokens = {}, {}, {}, {}, {}
local has_idle = false
for at = 12, #ARGV, 6 do
  local id, token, result, attempts, is_kept, wants = unpack(ARGV, at, at + 5)
  local job = prefix .. id
  local stored = pcall('HMGET', job, 'timestamp', 'parentKey', 'deid', 'kid')
  if stored.err or not stored[1] or is_for_engine(id, held[#codes + 1] == token, stored[2], stored[3]) then
    codes[#codes + 1] = 1
  else
    codes[#codes + 1] = 0
    locks[#locks + 1] = lock_keys[#codes]
    done[#done + 1] = id
    local unique = stored[3]
    if unique then
      local key = prefix .. 'de:' .. unique
      local left = call('PTTL', key)
      if left == 0 or (left == -1 and call('GET', key) == id) then call('DEL', key) end
    end
    if is_kept == '1' then
      scores[#scores + 1] = now
      scores[#scores + 1] = id
      call('HSET', job, 'atm', attempts, 'returnvalue', result, 'finishedOn', now)
    else
      call('DEL', job, job .. ':logs', job .. ':dependencies', job .. ':processed', job .. ':failed', job .. ':unsuccessful')
    end
    call('XADD', events, '*', 'event', 'completed', 'jobId', id, 'returnvalue', result, 'prev', 'active')
    remember_id(prefix, id, stored[4])
    if wants == '1' then tokens[#tokens + 1] = token elseif wants == '0' then has_idle = true end
  end
end
if #done > 0 then
  call('DEL', unpack(locks))
  call('SREM', stalled, unpack(done))
  if #scores > 0 then call('ZADD', completed, unpack(scores)) end
end

for _ = 1, free do tokens[#tokens + 1] = token_of_free end
local slots = #tokens
local wanted = slots + more
local ids, places, is_blocked = {}, {}, settings[1]
if wanted > 0 then
  if settings[2] then
    local left = settings[2] - call('LLEN', active)
    if left <= 0 then is_blocked = true end
    wanted = math.min(slots, left)
  end
  local due = call('ZRANGEBYSCORE', delayed, 0, (now + 1) * ${DELAYED_SCORE_UNIT} - 1, 'LIMIT', 0, ${DUE_PER_CALL})
  if #due > 0 then
    call('ZREM', delayed, unpack(due))
    for _, id in ipairs(due) do
      local priority = pcall('HGET', prefix .. id, 'priority')
      priority = type(priority) == 'string' and tonumber(priority) or 0
      if priority == 0 then call('LPUSH', wait, id)
      else call('ZADD', prioritized, priority * ${PRIORITY_SCORE_UNIT} + call('INCR', turns) % ${PRIORITY_SCORE_UNIT}, id) end
      call('XADD', events, '*', 'event', 'waiting', 'jobId', id, 'prev', 'delayed')
      pcall('HSET', prefix .. id, 'delay', 0)
    end
    if not is_blocked then call('ZADD', marker, 0, '0') end
  end
  if not is_blocked then
    ids = call('RPOP', wait, wanted) or {}
    if #ids < wanted then
      local urgent = call('ZPOPMIN', prioritized, wanted - #ids)
      for at = 1, #urgent, 2 do
        ids[#ids + 1] = urgent[at]
        places[#ids] = urgent[at + 1]
      end
    end
  end
end

local records, starts = {}, {}
for at, id in ipairs(ids) do records[at], starts[at] = fields_of(id) end
if has_crashed == 1 then
  for at = #ids, slots + 1, -1 do
    if places[at] then call('ZADD', prioritized, places[at], ids[at]) else call('RPUSH', wait, ids[at]) end
    ids[at] = nil
  end
elseif wanted > 0 and not is_blocked and #ids < wanted then
  call('DEL', turns)
end

local jobs, waiting = {}, ahead_before ~= '' and cjson.decode(ahead_before) or {}
if #ids > 0 then
  call('LPUSH', active, unpack(ids))
  for at, id in ipairs(ids) do
    local job = prefix .. id
    tokens[at] = tokens[at] or token_of_free
    if #ids > slots then
      waiting[#waiting + 1] = id
      waiting[#waiting + 1] = tokens[at]
    end
    call('SET', job .. ':lock', tokens[at], 'PX', duration)
    local count = records[at] and starts[at] and starts[at] + 1
    if count then
      call('XADD', events, '*', 'event', 'active', 'jobId', id, 'prev', 'waiting')
      call('HSET', job, 'processedOn', now, 'ats', string.format('%.0f', count), 'pb', worker)
    end
    jobs[at] = { at, id, told(records[at], count) }
  end
  call('ZADD', marker, 0, '0')
end

if ahead_field ~= '' then
  if #waiting > 0 then call('HSET', ahead, ahead_field, cmsgpack.pack(waiting)) else call('HDEL', ahead, ahead_field) end
end

local due_next = #ids < slots and not is_blocked and next_delayed() or ''
if has_idle or (#ids < slots and not is_blocked and due_next == '') then
  if call('LLEN', wait) == 0 and call('LLEN', active) == 0 and call('ZCARD', prioritized) == 0 then
    call('XADD', events, '*', 'event', 'drained')
  end
end
call('SET', answer, cmsgpack.pack(number, codes, ids, tokens), 'PX', kept_for)
return reply(codes, jobs, due_next)
`,
);
