import { Injectable } from '@nestjs/common';
import { QueueRegistry } from '../connection/queue.registry.js';
import { RedisConnections } from '../connection/redis.connections.js';

/** How full a queue is, read in a handful of commands whose cost does not grow with the backlog. */
export interface QueueDepth {
  readonly name: string;
  readonly waiting: number;
  readonly delayed: number;
  readonly running: number;
  readonly dead: number;
  readonly paused: boolean;
  /** How long the oldest job that could run has been waiting; 0 when none waits. */
  readonly oldestPendingAgeMs: number;
}

const DELAYED_SCORE_UNIT = 0x1000;

/** Reads the depth of queues. */
@Injectable()
export class QueueReader {
  constructor(
    private readonly connections: RedisConnections,
    private readonly queues: QueueRegistry,
  ) {}

  /** The depth of all the queues, in two round trips. */
  async depths(names: readonly string[]): Promise<QueueDepth[]> {
    const keys = names.map((name) => {
      const queue = this.queues.get(name);
      return (type: string) => queue.toKey(type);
    });
    const first = this.connections.producer.pipeline();
    for (const key of keys) {
      first
        .llen(key('wait'))
        .zcard(key('prioritized'))
        .zcard(key('delayed'))
        .llen(key('active'))
        .zcard(key('failed'));
      first.hexists(key('meta'), 'paused').lindex(key('wait'), -1).zrange(key('prioritized'), '0', '0');
      first.zrange(key('delayed'), '0', '0', 'WITHSCORES');
    }
    const replies = valuesOf(await first.exec());
    const perQueue = keys.map((_key, index) => replies.slice(index * 9, index * 9 + 9));
    const ages = await this.ages(keys, perQueue);
    return perQueue.map((reply, index) => {
      const [wait, prioritized, delayed, active, failed, paused] = reply.map(Number);
      return {
        name: names[index]!,
        waiting: wait! + prioritized!,
        delayed: delayed!,
        running: active!,
        dead: failed!,
        paused: paused === 1,
        oldestPendingAgeMs: ages[index]!,
      };
    });
  }

  /** Age of the oldest of: the next waiting job, the next prioritized one, the next delayed one that is due. */
  private async ages(
    keys: readonly ((type: string) => string)[],
    perQueue: readonly unknown[][],
  ): Promise<number[]> {
    const second = this.connections.producer.pipeline();
    for (const [index, key] of keys.entries()) {
      const [waiting, [prioritized] = []] = perQueue[index]!.slice(6) as [string | null, string[]?];
      for (const id of [waiting, prioritized]) second.hget(key(id ?? '~none'), 'timestamp');
    }
    const timestamps = valuesOf(await second.exec()).map((value) =>
      value === null ? Infinity : Number(value),
    );
    const now = Date.now();
    return keys.map((_key, index) => {
      const [, score] = (perQueue[index]![8] ?? []) as [string?, string?];
      const due = score === undefined ? Infinity : Number(score) / DELAYED_SCORE_UNIT;
      const oldest = Math.min(timestamps[2 * index]!, timestamps[2 * index + 1]!, due);
      return Number.isFinite(oldest) ? Math.max(0, Math.round(now - oldest)) : 0;
    });
  }
}

function valuesOf(replies: [error: Error | null, value: unknown][] | null): unknown[] {
  return (replies ?? []).map(([error, value]) => {
    if (error) throw error;
    return value;
  });
}
