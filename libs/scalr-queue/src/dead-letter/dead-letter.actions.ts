import type { DeadPosition } from '../engine/dead-position.js';
import { Injectable } from '@nestjs/common';
import { QueueEngine } from '../engine/queue.engine.js';
import { JobReader } from '../inspection/job.reader.js';
import { fromStoredId, nameOfStoredId } from '../engine/job-id.js';
import type { KeyConflict } from './dead-job.js';

/** To how many jobs something was done, and which it could not be done to. */
export interface ActionOutcome {
  readonly done: number;
  readonly conflicts: readonly KeyConflict[];
}

/** What can be done to dead jobs; each job in one step of its own, so that two processes never do it twice. */
@Injectable()
export class DeadLetterActions {
  constructor(
    private readonly engine: QueueEngine,
    private readonly reader: JobReader,
  ) {}

  /**
   * Puts jobs back into their queues with all their attempts; does nothing to those that are not dead any more.
   * @param dryRun only looks whose unique key is taken
   */
  async retry(dead: readonly DeadPosition[], dryRun = false): Promise<ActionOutcome> {
    const positions = dryRun ? dead : await this.reader.bounded(() => this.moved(dead));
    const found = await this.reader.bounded(() => this.engine.deadLetters.prepare(positions, dryRun));
    const conflicts = positions.flatMap(({ storedId, queue }, index): KeyConflict[] => {
      const holder = found[index];
      if (typeof holder !== 'string') return [];
      const name = nameOfStoredId(storedId) ?? '';
      return [{ id: fromStoredId(storedId), name, queue, holder: fromStoredId(holder) }];
    });
    if (dryRun) return { done: 0, conflicts };
    const ready = positions.filter((_position, index) => found[index] === true);
    const retried = await this.reader.bounded(() =>
      Promise.all(ready.map((position) => this.engine.deadLetters.retry(position))),
    );
    return { done: retried.filter(Boolean).length, conflicts };
  }

  /** Removes jobs for good; returns how many were still dead. */
  async delete(positions: readonly DeadPosition[]): Promise<ActionOutcome> {
    const deleted = await this.reader.bounded(() => this.engine.deadLetters.delete(positions));
    return { done: deleted.filter(Boolean).length, conflicts: [] };
  }

  /** Where the jobs are retried: in the queue that their definition has in this process. */
  private moved(positions: readonly DeadPosition[]): Promise<DeadPosition[]> {
    return Promise.all(
      positions.map(async (position) => {
        const { queue, storedId } = position;
        const target = this.engine.types.queueOf(nameOfStoredId(storedId) ?? '') ?? queue;
        if (target === queue || !(await this.engine.deadLetters.move(position, target))) return position;
        return { ...position, queue: target };
      }),
    );
  }
}
