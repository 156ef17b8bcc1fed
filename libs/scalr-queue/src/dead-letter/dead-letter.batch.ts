import { Injectable } from '@nestjs/common';
import type { JobRef } from '../contract/job-ref.js';
import type { DeadPosition } from '../engine/dead-position.js';
import { fromStoredId, nameOfStoredId } from '../engine/job-id.js';
import { QueueEngine } from '../engine/queue.engine.js';
import { BATCH_KEYS, checkBatch, type CheckedBatch } from '../inspection/batch.options.js';
import { JobReader } from '../inspection/job.reader.js';
import type { KeyConflict } from './dead-job.js';
import { BEGINNING, fromCursor, toCursor } from './dead-letter.cursor.js';
import { checkFilter, type DeadLetterFilter } from './dead-letter.filter.js';
import type { DeadLetterActionOptions, DeadLetterProgress } from './dead-letter.options.js';
import { DeadLetterScanner } from './dead-letter.scanner.js';

/** To how many jobs something was done, and which it could not be done to. */
export interface ActionOutcome {
  readonly done: number;
  readonly conflicts: readonly KeyConflict[];
}

/** How an action on a batch ended; with a cursor when it ended early. */
export interface BatchOutcome {
  readonly matched: number;
  readonly done: number;
  readonly cursor?: string;
  readonly conflicts?: readonly KeyConflict[];
}

type Action = 'retry' | 'delete';

/** Options that have passed their checks. */
interface CheckedOptions extends CheckedBatch<DeadLetterProgress> {
  readonly after?: DeadPosition;
}

/** Jobs changed in one round trip: few enough that no other app waits for them. */
const ACTION_SLICE = 100;
const KEYS = [...BATCH_KEYS, 'cursor'];

/**
 * Retries or deletes one dead job, or all that match a filter, in slices; each job in one step of its own, so that two processes never do
 * it twice.
 */
@Injectable()
export class DeadLetterBatch {
  constructor(
    private readonly engine: QueueEngine,
    private readonly scanner: DeadLetterScanner,
    private readonly reader: JobReader,
  ) {}

  /** @throws InvalidOptionError */
  async run(
    action: Action,
    which: JobRef | DeadLetterFilter,
    options: DeadLetterActionOptions,
  ): Promise<BatchOutcome> {
    const checked = checkOptions(options);
    return isRef(which) ? this.one(action, which, checked) : this.all(action, which, checked);
  }

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

  /** Removes jobs for good; those that are not dead any more stay. */
  async delete(positions: readonly DeadPosition[], dryRun = false): Promise<ActionOutcome> {
    if (dryRun) return { done: 0, conflicts: [] };
    const deleted = await this.reader.bounded(() => this.engine.deadLetters.delete(positions));
    return { done: deleted.filter(Boolean).length, conflicts: [] };
  }

  private async one(action: Action, ref: JobRef, { dryRun }: CheckedOptions): Promise<BatchOutcome> {
    const found = await this.reader.find(ref);
    if (found?.state !== 'failed') return { matched: 0, done: 0 };
    const { job } = found;
    const position = { queue: job.queueName, storedId: job.id ?? '', diedAt: job.finishedOn ?? 0 };
    return outcomeOf(1, await this[action]([position], dryRun));
  }

  private async all(
    action: Action,
    which: DeadLetterFilter,
    { limit, dryRun, after, onProgress, signal }: CheckedOptions,
  ): Promise<BatchOutcome> {
    const filter = checkFilter(which);
    let [scanned, matched, done] = [0, 0, 0];
    const conflicts: KeyConflict[] = [];
    let end = after ?? BEGINNING;
    const isOver = () => matched >= limit || signal?.aborted === true;
    const soFar = () => ({
      ...outcomeOf(matched, { done, conflicts }),
      ...(isOver() ? { cursor: toCursor(end) } : {}),
    });
    if (isOver()) return soFar();
    for await (const { positions, matches } of this.scanner.scan(filter, after)) {
      const chosen = matches.slice(0, limit - matched);
      for (let from = 0; from < chosen.length && !isOver(); from += ACTION_SLICE) {
        const slice = chosen.slice(from, from + ACTION_SLICE);
        const outcome = await this[action](slice, dryRun);
        done += outcome.done;
        conflicts.push(...outcome.conflicts);
        matched += slice.length;
        end = slice.at(-1)!;
        onProgress?.({ scanned: scanned + positions.indexOf(end) + 1, matched, done });
      }
      if (isOver()) return soFar();
      scanned += positions.length;
      const last = positions.at(-1)!;
      if (end !== last) onProgress?.({ scanned, matched, done });
      end = last;
      if (isOver()) return soFar();
    }
    return outcomeOf(matched, { done, conflicts });
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

function outcomeOf(matched: number, { done, conflicts }: ActionOutcome): BatchOutcome {
  return { matched, done, ...(conflicts.length > 0 ? { conflicts } : {}) };
}

function isRef(which: JobRef | DeadLetterFilter): which is JobRef {
  return typeof which === 'string' || (typeof which === 'object' && which !== null && 'id' in which);
}

/** @throws InvalidOptionError */
function checkOptions(options: unknown): CheckedOptions {
  const checked = checkBatch<DeadLetterProgress>(options, KEYS);
  return { ...checked, after: fromCursor((options as DeadLetterActionOptions).cursor) };
}
