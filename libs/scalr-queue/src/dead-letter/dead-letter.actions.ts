import { Inject, Injectable } from '@nestjs/common';
import { JobCatalog } from '../engine/redis/job.catalog.js';
import { QueueRegistry } from '../engine/redis/queue.registry.js';
import { RedisConnections } from '../engine/redis/connection/redis.connections.js';
import { queueKey, queuePrefix } from '../engine/redis/keys.js';
import { JobReader } from '../inspection/job.reader.js';
import { fromStoredId, nameOfStoredId } from '../engine/job-id.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import type { KeyConflict } from './dead-job.js';
import { DELETE_DEAD, MOVE, PREPARE } from '../engine/redis/scripts/dead-letter.scripts.js';
import type { Position } from './dead-letter.cursor.js';

/** To how many jobs something was done, and which it could not be done to. */
export interface ActionOutcome {
  readonly done: number;
  readonly conflicts: readonly KeyConflict[];
}

/** What can be done to dead jobs; each job in one step of its own, so that two processes never do it twice. */
@Injectable()
export class DeadLetterActions {
  constructor(
    private readonly connections: RedisConnections,
    private readonly registry: QueueRegistry,
    private readonly reader: JobReader,
    private readonly catalog: JobCatalog,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  /**
   * Puts jobs back into their queues with all their attempts; does nothing to those that are not dead any more.
   * @param dryRun only looks whose unique key is taken
   */
  async retry(dead: readonly Position[], dryRun = false): Promise<ActionOutcome> {
    const positions = dryRun ? dead : await this.reader.bounded(() => this.moved(dead));
    const replies = await this.run(PREPARE, positions, dryRun ? [1] : []);
    const conflicts = positions.flatMap(({ storedId, queue }, index): KeyConflict[] => {
      const holder = replies[index];
      if (typeof holder !== 'string') return [];
      const name = nameOfStoredId(storedId) ?? '';
      return [{ id: fromStoredId(storedId), name, queue, holder: fromStoredId(holder) }];
    });
    if (dryRun) return { done: 0, conflicts };
    const ready = positions.filter((_position, index) => replies[index] === 1);
    const retried = await this.reader.bounded(() =>
      Promise.all(ready.map((position) => this.retryOne(position))),
    );
    return { done: retried.filter(Boolean).length, conflicts };
  }

  /** Removes jobs for good; returns how many were still dead. */
  async delete(positions: readonly Position[]): Promise<ActionOutcome> {
    const replies = await this.run(DELETE_DEAD, positions);
    return { done: replies.filter((reply) => reply === 1).length, conflicts: [] };
  }

  /** Where the jobs are retried: in the queue that their definition has in this process. */
  private moved(positions: readonly Position[]): Promise<Position[]> {
    const { prefix } = this.options;
    return Promise.all(
      positions.map(async (position) => {
        const { queue, storedId, diedAt } = position;
        const target = this.catalog.queueOf(nameOfStoredId(storedId) ?? '') ?? queue;
        if (target === queue) return position;
        const keys = [queue, target].flatMap((one) => [
          queueKey(prefix, one, 'failed'),
          queueKey(prefix, one, storedId),
        ]);
        const moved = await this.connections.producer.eval(MOVE, keys.length, ...keys, storedId, diedAt);
        return moved === 1 ? { ...position, queue: target } : position;
      }),
    );
  }

  /** Runs a script for each job. */
  private async run(
    script: string,
    positions: readonly Position[],
    more: readonly number[] = [],
  ): Promise<unknown[]> {
    const { prefix } = this.options;
    return this.reader.bounded(() =>
      Promise.all(
        positions.map(({ queue, storedId, diedAt }) => {
          const keys = [queueKey(prefix, queue, 'failed'), queueKey(prefix, queue, storedId)];
          const args = [storedId, diedAt, queuePrefix(prefix, queue), ...more];
          return this.connections.producer.eval(script, keys.length, ...keys, ...args);
        }),
      ),
    );
  }

  private async retryOne({ queue, storedId }: Position): Promise<boolean> {
    const job = { id: storedId, opts: {} } as never;
    try {
      const backend = this.registry.get(queue).getBackend();
      await backend.retryFinishedJob(job, 'failed', { resetAttemptsMade: true });
      return true;
    } catch (error) {
      // The engine's codes: the job is gone, or not dead any more.
      if ([-1, -2, -3].includes((error as { code?: number }).code ?? 0)) return false;
      throw error;
    }
  }
}
