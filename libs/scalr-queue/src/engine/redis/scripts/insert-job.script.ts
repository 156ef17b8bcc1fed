import { DELAYED_SCORE_UNIT, PRIORITY_SCORE_UNIT } from '../keys.js';
import { optsEncodeMap } from 'bullmq';
import type { StoredOptions } from '../../prepared-job.js';
import { EVENT_STREAM_LENGTH } from '../../../contract/defaults.js';

/**
 * Lua functions that store a job as BullMQ's own add scripts do, for scripts that must do more in the same step. Upstream: keys, fields,
 * scores and events of a job that waits.
 * `test/integration/insert-job.int-spec.ts` compares what they leave in Redis with what the engine leaves.
 *
 * event(prefix, field, value, ...): writes to the event stream of the queue.
 * insert_job(prefix, id, name, data, opts, timestamp, delay, priority, unique): `prefix` is that of the queue with its colon,
 * `opts` the stored options as JSON, `unique` the id of its unique key or ''.
 */
export const INSERT_JOB = `
local function event(prefix, ...)
  local limit = redis.call('HGET', prefix .. 'meta', 'opts.maxLenEvents')
  if not limit then
    limit = ${EVENT_STREAM_LENGTH}
    redis.call('HSET', prefix .. 'meta', 'opts.maxLenEvents', limit)
  end
  redis.call('XADD', prefix .. 'events', 'MAXLEN', '~', limit, '*', 'event', ...)
end

local function wake_workers(prefix)
  local meta = redis.call('HMGET', prefix .. 'meta', 'paused', 'concurrency')
  if meta[1] then return end
  if meta[2] and redis.call('LLEN', prefix .. 'active') >= tonumber(meta[2]) then return end
  redis.call('ZADD', prefix .. 'marker', 0, '0')
end

local function add_delayed(prefix, id, due)
  local key = prefix .. 'delayed'
  local score = due * ${DELAYED_SCORE_UNIT}
  local last = redis.call('ZREVRANGEBYSCORE', key, score + ${DELAYED_SCORE_UNIT - 1}, score, 'WITHSCORES', 'LIMIT', 0, 1)
  if last[2] then score = math.min(tonumber(last[2]) + 1, score + ${DELAYED_SCORE_UNIT - 1}) end
  redis.call('ZADD', key, score, id)
  event(prefix, 'delayed', 'jobId', id, 'delay', due)
  local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  redis.call('ZADD', prefix .. 'marker', tonumber(first[2]) / ${DELAYED_SCORE_UNIT}, '1')
end

local function store_job(prefix, id, name, data, opts, timestamp, delay, priority, unique)
  redis.call('HSET', prefix .. id, 'name', name, 'data', data, 'opts', opts, 'timestamp', timestamp,
    'delay', delay, 'priority', priority)
  if unique ~= '' then redis.call('HSET', prefix .. id, 'deid', unique) end
end

local function insert_job(prefix, id, name, data, opts, timestamp, delay, priority, unique)
  redis.call('INCR', prefix .. 'id')
  store_job(prefix, id, name, data, opts, timestamp, delay, priority, unique)
  event(prefix, 'added', 'jobId', id, 'name', name)
  if tonumber(delay) > 0 then return add_delayed(prefix, id, tonumber(timestamp) + tonumber(delay)) end
  if tonumber(priority) > 0 then
    local turn = redis.call('INCR', prefix .. 'pc') % ${PRIORITY_SCORE_UNIT}
    redis.call('ZADD', prefix .. 'prioritized', tonumber(priority) * ${PRIORITY_SCORE_UNIT} + turn, id)
  else
    redis.call('LPUSH', prefix .. 'wait', id)
  end
  wake_workers(prefix)
  event(prefix, 'waiting', 'jobId', id)
end
`;

/**
 * The keys of a queue that `insert_job` writes, to be named among the KEYS of a script. While a cluster moves the slot, Redis goes by
 * them: it refuses the script as long as some of them are on either master, instead of writing a second list beside the first.
 */
export function insertKeys(prefix: string): string[] {
  return WRITTEN.map((name) => prefix + name);
}

const WRITTEN = ['meta', 'id', 'wait', 'delayed', 'prioritized', 'pc', 'active', 'marker', 'events'] as const;

/**
 * The options of a job as the engine stores them: some of the names are shortened. Id and time stand beside them, so that the options
 * of most jobs of a definition are one and the same text.
 */
export function storedOptions(given: StoredOptions): string {
  const { jobId: _id, timestamp: _timestamp, telemetry, ...options } = given;
  const stored: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) stored[SHORT[name] ?? name] = value;
  if (telemetry?.metadata !== undefined) stored['tm'] = telemetry.metadata;
  return JSON.stringify(stored);
}

/** Upstream: the names that BullMQ shortens. */
const SHORT: Record<string, string> = optsEncodeMap;

/** The arguments that describe a job to a script with {@link INSERT_JOB}, in the order of `insert_job` without the unique key. */
export function insertArguments(
  prefix: string,
  name: string,
  json: string,
  options: StoredOptions,
): (string | number)[] {
  const { jobId, timestamp = 0, delay = 0, priority = 0 } = options;
  return [prefix, jobId, name, json, storedOptions(options), timestamp, delay, priority];
}
