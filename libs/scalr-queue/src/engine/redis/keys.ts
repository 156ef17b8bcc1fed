import type { HistoryString } from '../history-strings.js';

/**
 * Every key of an app. `prefix` is `scalr:{<app>}`, whose braces put them all into one slot of a cluster. No queue can have a name that
 * begins with `~`, and no part of a queue is called like a stored id of the library.
 */

/** A key of a queue as the engine builds it: one of its lists, sets and hashes, or `<stored id>` of a job. */
export const queueKey = (prefix: string, queue: string, part: string): string => `${prefix}:${queue}:${part}`;

/** What the keys of a queue begin with, colon included: scripts add the rest. */
export const queuePrefix = (prefix: string, queue: string): string => `${prefix}:${queue}:`;

/** The lock of a job, given the key of the job. */
export const lockKey = (job: string): string => `${job}:lock`;

/** The kinds of jobs of the app: a hash with the fields of {@link jobTypeField}. */
export const jobTypesKey = (prefix: string): string => `${prefix}:~jobs`;

/** Who handled each kind of job last: a hash with the same fields. */
export const handlersKey = (prefix: string): string => `${prefix}:~handlers`;

/** A kind of job: its name and queue, as a job may have moved to another one. Names hold no space. */
export const jobTypeField = (name: string, queue: string): string => `${name} ${queue}`;

/** The index of the workers: a hash with the last heartbeat of each, which outlives it. */
export const workersKey = (prefix: string): string => `${prefix}:~workers`;

/** The heartbeat of one worker: Redis itself lets it expire. */
export const workerKey = (prefix: string, id: string): string => `${workersKey(prefix)}:${id}`;

/** The workers that are gone, the last hundred: a list. */
export const goneWorkersKey = (prefix: string): string => `${prefix}:~dead-workers`;

/** When each version of the app was first run by a worker: a sorted set. */
export const versionsKey = (prefix: string): string => `${prefix}:~h:v`;

/** What the workers counted on one day, of a kind of job or a queue: a string of packed numbers. */
export const historyKey = (prefix: string, { series, of, day }: HistoryString): string =>
  `${prefix}:~h:${series}:${of === '' ? '' : `${of}:`}${day}`;

/**
 * The requests to cancel running jobs: a sorted set. The score says which run of the job is meant: the time at which it started, or
 * (in requests of release 0.1.0) one after it.
 */
export const cancelsKey = (prefix: string): string => `${prefix}:~cancels`;

/** Whoever holds it looks after the requests whose run is over. */
export const cancelsLeaseKey = (prefix: string): string => `${cancelsKey(prefix)}:lease`;

/** The mark that remembers the id of a job that has ended, for as long as `keep.ids` says. */
export const endedKey = (prefix: string, storedId: string): string => `${prefix}:~ended:${storedId}`;

/** What the workers keep of each definition: a hash. */
export const keepRulesKey = (prefix: string): string => `${prefix}:~keep`;

/** Whoever holds it removes the finished jobs of a queue that are not kept any more. */
export const keepLeaseKey = (prefix: string, queue: string, state: string): string =>
  `${keepRulesKey(prefix)}:${queue}:${state}`;

/** The schedules of the app: a hash. */
export const schedulesKey = (prefix: string): string => `${prefix}:~schedules`;

/** How the last slots of a schedule ended: a sorted set. */
export const endedSlotsKey = (prefix: string, schedule: string): string => `${prefix}:~h:s:${schedule}`;

/** What a call of a worker was answered with that ended jobs and took others: the connection may have lost the answer. */
export const finishAnswerKey = (prefix: string, worker: string, lane: number): string =>
  `${prefix}:~finished:${worker}:${lane}`;

/** What the workers of a queue hold that they have taken ahead, and have not started when they last said so: a hash. */
export const takenAheadKey = (prefix: string, queue: string): string => `${prefix}:~ahead:${queue}`;

/** The answer of a worker to a ping. */
export const pongKey = (prefix: string, id: string): string => `${prefix}:~pong:${id}`;

/** What the store is marked with since it was last empty. */
export const epochKey = (prefix: string): string => `${prefix}:~epoch`;

/** Never written: a read of it says whether the slot of the app is served. */
export const reachKey = (prefix: string): string => `${prefix}:~reach`;

/** What the preflight tries commands on. */
export const preflightKey = (prefix: string): string => `${prefix}:~preflight`;

/** A count of a limiter, for one of its keys. No name of a limiter holds a colon. */
export const limitKey = (prefix: string, name: string, key: string): string =>
  `${prefix}:~limit:${name}:${key}`;

/** Who waits for that count: a sorted set with the time until which each is shown. */
export const limitWaitsKey = (prefix: string, name: string, key: string): string =>
  `${prefix}:~limit-waits:${name}:${key}`;

/** The breaker of that count: a hash. */
export const breakerKey = (prefix: string, name: string, key: string): string =>
  `${prefix}:~breaker:${name}:${key}`;

/** The rules of the limiters of the app: a hash. */
export const limitersKey = (prefix: string): string => `${prefix}:~limiters`;

/** The counts that somebody waits for: a sorted set. */
export const awaitedKey = (prefix: string): string => `${limitersKey(prefix)}:awaited`;

/** A lock: a hash that expires with the lease. */
export const sharedLockKey = (prefix: string, name: string): string => `${prefix}:~lock:${name}`;

/** The last fence of a lock. */
export const fenceKey = (prefix: string, name: string): string => `${prefix}:~fence:${name}`;

/** Who waits for a lock: a sorted set. */
export const lockWaitsKey = (prefix: string, name: string): string => `${prefix}:~lock-waits:${name}`;

/** The locks that are held: a sorted set with the ends of their leases. */
export const sharedLocksKey = (prefix: string): string => `${prefix}:~locks`;

/** What is said to all processes of the app: a stream. */
export const castKey = (prefix: string): string => `${prefix}:~cast`;

/** What was done to the jobs of the app: a stream. */
export const auditKey = (prefix: string): string => `${prefix}:~audit`;

/** A redrive of dead jobs: a hash. */
export const redriveKey = (prefix: string, id: string): string => `${prefix}:~op:${id}`;

/** The jobs that a redrive retried first, of each the prefix of its queue and its id: a list. */
export const redriveSampleKey = (prefix: string, id: string): string => `${redriveKey(prefix, id)}:first`;

/** The redrives of the app by the time at which they began: a sorted set. */
export const redrivesKey = (prefix: string): string => `${prefix}:~ops`;

/** The score of a delayed job is its time in milliseconds, times this, plus a counter that tells equal times apart. */
export const DELAYED_SCORE_UNIT = 0x1000;

/** The score of a job with a priority is that, times this, plus a counter. */
export const PRIORITY_SCORE_UNIT = 0x100000000;
