import { queueKey, queuePrefix } from './keys.js';
import { nameOfStoredId } from '../job-id.js';
import type { QueueState } from '../queue-state.js';
import type { DamagedEntries } from './damaged-entries.js';
import { readableValuesOf } from './pipeline-replies.js';
import type { RedisClient } from './connection/redis.client.js';
import { QUEUE_STATE } from './scripts/queue-state.script.js';

type Reply = [...counts: number[], oldest: string, nextDue: string, heads: string[], stalls: string];

/** The state of all the queues, in one round trip. */
export async function readStates(
  redis: RedisClient,
  prefix: string,
  names: readonly string[],
  note: DamagedEntries['note'],
): Promise<QueueState[]> {
  if (names.length === 0) return [];
  const pipeline = redis.pipeline();
  for (const name of names) {
    const keys = ['wait', 'prioritized', 'delayed', 'active', 'failed', 'meta'].map((part) =>
      queueKey(prefix, name, part),
    );
    pipeline.eval(QUEUE_STATE, keys.length, ...keys, queuePrefix(prefix, name));
  }
  return readableValuesOf(await pipeline.exec()).map((reply, index) => {
    const name = names[index]!;
    if (reply !== undefined) return toState(name, reply as Reply, Date.now());
    note(`${prefix}:${name}:*`, 'a list of the queue is of another type');
    return unreadableState(name);
  });
}

/** A queue of which a list is no list. */
function unreadableState(name: string): QueueState {
  const message = 'a list of the queue is of another type in Redis: see which key of it was overwritten';
  const problem = { code: 'QUEUE_UNREADABLE', message };
  const counts = { waiting: 0, delayed: 0, running: 0, dead: 0, oldestPendingAgeMs: 0 };
  return { name, ...counts, paused: false, nextJobs: [], problem };
}

function toState(name: string, reply: Reply, now: number): QueueState {
  const [wait, prioritized, delayed, running, dead, paused] = reply as number[];
  const [oldest, nextDue, heads, stalls] = reply.slice(6) as [string, string, string[], string];
  const since = Math.min(
    oldest === '' ? Infinity : Number(oldest),
    nextDue === '' ? Infinity : Number(nextDue),
  );
  const names = heads.map(nameOfStoredId).filter((job) => job !== undefined);
  return {
    name,
    waiting: wait! + prioritized!,
    delayed: delayed!,
    running: running!,
    dead: dead!,
    paused: paused === 1,
    oldestPendingAgeMs: Number.isFinite(since) ? Math.max(0, Math.round(now - since)) : 0,
    nextJobs: [...new Set(names)],
    stalls: Number(stalls),
    ...(nextDue === '' ? {} : { nextDueAt: Number(nextDue) }),
  };
}
