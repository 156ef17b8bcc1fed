import { Injectable } from '@nestjs/common';
import { QueueRegistry } from '../connection/queue.registry.js';
import { RedisConnections } from '../connection/redis.connections.js';
import type { QueueDepth } from '../jobs/queue-info.js';
import { nameOfStoredId } from '../jobs/job-id.js';
import { QUEUE_STATE } from './queue-state.script.js';

/** The same with what only the library itself uses. */
export interface QueueState extends QueueDepth {
  /** Names of the jobs that are next, of every list. */
  readonly nextJobs: readonly string[];
  /** When the first delayed job may start, in epoch milliseconds. */
  readonly nextDueAt?: number;
}

type Reply = [...counts: number[], oldest: string, nextDue: string, heads: string[]];

/** Reads the state of queues. */
@Injectable()
export class QueueReader {
  constructor(
    private readonly connections: RedisConnections,
    private readonly queues: QueueRegistry,
  ) {}

  /** The state of all the queues, in one round trip. */
  async states(names: readonly string[]): Promise<QueueState[]> {
    if (names.length === 0) return [];
    const pipeline = this.connections.producer.pipeline();
    for (const name of names) {
      const queue = this.queues.get(name);
      const keys = ['wait', 'prioritized', 'delayed', 'active', 'failed', 'meta'].map((type) =>
        queue.toKey(type),
      );
      pipeline.eval(QUEUE_STATE, keys.length, ...keys, queue.toKey(''));
    }
    const replies = (await pipeline.exec()) ?? [];
    return replies.map(([error, reply], index) => {
      if (error) throw error;
      return toState(names[index]!, reply as Reply, Date.now());
    });
  }
}

function toState(name: string, reply: Reply, now: number): QueueState {
  const [wait, prioritized, delayed, running, dead, paused] = reply as number[];
  const [oldest, nextDue, heads] = reply.slice(6) as [string, string, string[]];
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
    ...(nextDue === '' ? {} : { nextDueAt: Number(nextDue) }),
  };
}
