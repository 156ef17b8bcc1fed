import { Inject, Injectable } from '@nestjs/common';
import { ErrorCode } from 'bullmq';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../../config/tokens.js';
import { storedTags } from '../../contract/tags.js';
import type { DeadPosition, WrittenDeath } from '../dead-position.js';
import { readMeta } from '../job-meta.js';
import type { DeadLetterStore } from '../queue.engine.js';
import { RedisConnections } from './connection/redis.connections.js';
import { orDamaged } from './damaged-entries.js';
import { queueKey, queuePrefix } from './keys.js';
import { readableValuesOf, valuesOf } from './pipeline-replies.js';
import { QueueRegistry } from './queue.registry.js';
import { DELETE_DEAD, MOVE, PREPARE } from './scripts/dead-letter.scripts.js';

/** Upstream: what BullMQ answers for a job that is gone, or not dead any more; its comment names other codes. */
const NOT_DEAD: ReadonlySet<unknown> = new Set([ErrorCode.JobNotExist, ErrorCode.JobNotInState]);

/**
 * The dead jobs of queues: the engine's sets of failed ones. What changes a job does so in one step of its own, and only while it is dead of
 * that same death, so that two processes never do it twice. Rejects with the error of the connection or of Redis.
 */
@Injectable()
export class RedisDeadLetterStore implements DeadLetterStore {
  constructor(
    private readonly connections: RedisConnections,
    private readonly queues: QueueRegistry,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  /** How many died between two times, both included, in epoch milliseconds; `Infinity` for no end. */
  count(queue: string, from: number, to: number): Promise<number> {
    const key = this.keyOf(queue);
    return this.orNothing(key, this.connections.producer.zcount(key, from, to === Infinity ? '+inf' : to), 0);
  }

  /** At most `limit` of those that died between two times, both included, newest first, leaving out the first `offset`. */
  async page(
    queue: string,
    from: number,
    to: number,
    offset: number,
    limit: number,
  ): Promise<DeadPosition[]> {
    const key = this.keyOf(queue);
    const max = to === Infinity ? '+inf' : to;
    const { producer } = this.connections;
    const reading = producer.zrevrangebyscore(key, max, from, 'WITHSCORES', 'LIMIT', offset, limit);
    return toPositions(queue, await this.orNothing(key, reading, []));
  }

  /** What is written down about the end of each job; undefined for one that is gone. One round trip. */
  async deathsOf(positions: readonly DeadPosition[]): Promise<(WrittenDeath | undefined)[]> {
    const pipeline = this.connections.producer.pipeline();
    for (const { queue, storedId } of positions)
      pipeline.hmget(queueKey(this.options.prefix, queue, storedId), 'failedReason', 'atm', 'opts', 'name');
    return readableValuesOf(await pipeline.exec()).map((fields) => {
      if (fields === undefined) return { name: '', failedReason: '', attemptsMade: 0, maxAttempts: 1 };
      const [failedReason, made, opts, name] = fields as (string | null)[];
      if (typeof failedReason !== 'string') return undefined;
      return {
        name: name ?? '',
        failedReason,
        attemptsMade: Number(made ?? 0),
        ...optionsIn(opts),
      };
    });
  }

  async failuresAt(
    looks: readonly { queue: string; from: number; to: number }[],
  ): Promise<{ queue: string; failedReason?: string }[]> {
    const { producer } = this.connections;
    const ranges = looks.map(({ queue, from, to }) => ['zrevrange', this.keyOf(queue), `${from}`, `${to}`]);
    const ids = looks.length === 0 ? [] : valuesOf(await producer.pipeline(ranges).exec());
    const found = looks.flatMap(({ queue }, at) =>
      (ids[at] as string[]).map((storedId) => ({ queue, storedId })),
    );
    const reads = found.map(({ queue, storedId }) => [
      'hget',
      queueKey(this.options.prefix, queue, storedId),
      'failedReason',
    ]);
    const texts = reads.length === 0 ? [] : valuesOf(await producer.pipeline(reads).exec());
    return found.map(({ queue }, at) => {
      const failedReason = texts[at];
      return { queue, ...(typeof failedReason === 'string' ? { failedReason } : {}) };
    });
  }

  /**
   * Makes dead jobs ready for {@link retry}, with their unique keys.
   * @param dryRun only looks
   * @returns of each the stored id of the job that holds its unique key, else whether it may be retried
   */
  async prepare(positions: readonly DeadPosition[], dryRun: boolean): Promise<(boolean | string)[]> {
    const replies = await this.run(PREPARE, positions, dryRun ? [1] : []);
    return replies.map((reply) => (typeof reply === 'string' ? reply : reply === 1));
  }

  /** Puts a dead job back into its queue with all its attempts; false when it is not dead any more. */
  async retry({ queue, storedId }: DeadPosition): Promise<boolean> {
    // Upstream: all that BullMQ reads of a job here.
    const job = { id: storedId, opts: {} } as never;
    try {
      await this.queues.get(queue).getBackend().retryFinishedJob(job, 'failed', { resetAttemptsMade: true });
      return true;
    } catch (error) {
      if (NOT_DEAD.has((error as { code?: unknown }).code)) return false;
      throw error;
    }
  }

  /** Removes dead jobs for good; of each whether it was still dead. */
  async delete(positions: readonly DeadPosition[]): Promise<boolean[]> {
    return (await this.run(DELETE_DEAD, positions)).map((reply) => reply === 1);
  }

  /** Moves a dead job to another queue, dead as it is; false when it is not dead any more, or one with its id is there. */
  async move({ queue, storedId, diedAt }: DeadPosition, target: string): Promise<boolean> {
    const { prefix } = this.options;
    const keys = [queue, target].flatMap((one) => [this.keyOf(one), queueKey(prefix, one, storedId)]);
    return (await this.connections.producer.eval(MOVE, keys.length, ...keys, storedId, diedAt)) === 1;
  }

  /** Runs a script for each job. */
  private run(
    script: string,
    positions: readonly DeadPosition[],
    more: readonly number[] = [],
  ): Promise<unknown[]> {
    const { prefix } = this.options;
    return Promise.all(
      positions.map(({ queue, storedId, diedAt }) => {
        const keys = [this.keyOf(queue), queueKey(prefix, queue, storedId)];
        const args = [storedId, diedAt, queuePrefix(prefix, queue), ...more];
        return this.connections.producer.eval(script, keys.length, ...keys, ...args);
      }),
    );
  }

  private keyOf(queue: string): string {
    return queueKey(this.options.prefix, queue, 'failed');
  }

  private orNothing<T>(key: string, reading: Promise<T>, nothing: T): Promise<T> {
    return orDamaged(reading, nothing, key, this.connections.damaged.note);
  }
}

/** Of the options that the engine stores with a job. */
function optionsIn(text: string | null | undefined): Pick<WrittenDeath, 'maxAttempts' | 'tags'> {
  try {
    const opts = JSON.parse(text ?? '{}') as { attempts?: unknown };
    const maxAttempts = typeof opts.attempts === 'number' ? opts.attempts : 1;
    const tags = storedTags(readMeta(opts).tags);
    return tags.length > 0 ? { maxAttempts, tags } : { maxAttempts };
  } catch {
    return { maxAttempts: 1 };
  }
}

function toPositions(queue: string, reply: readonly unknown[]): DeadPosition[] {
  const flat = reply.flat();
  const positions: DeadPosition[] = [];
  for (let index = 0; index < flat.length; index += 2)
    positions.push({ queue, storedId: String(flat[index]), diedAt: Number(flat[index + 1]) });
  return positions;
}
