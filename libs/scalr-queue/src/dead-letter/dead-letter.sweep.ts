import type { DeadPosition } from '../engine/dead-position.js';
import { Injectable } from '@nestjs/common';
import { JobReader } from '../inspection/job.reader.js';
import type { JobRef } from '../contract/job-ref.js';
import type { ActionOutcome } from './dead-letter.actions.js';
import type { KeyConflict } from './dead-job.js';
import { BEGINNING, toCursor } from './dead-letter.cursor.js';
import { checkFilter, type DeadLetterFilter } from './dead-letter.filter.js';
import {
  type CheckedActionOptions,
  checkActionOptions,
  type DeadLetterActionOptions,
} from './dead-letter.options.js';
import { DeadLetterScanner } from './dead-letter.scanner.js';

/** Does something to jobs that are dead, or only looks. */
export type DeadLetterAction = (
  positions: readonly DeadPosition[],
  dryRun: boolean,
) => Promise<ActionOutcome>;

/** How an action ended; with a cursor when it ended early. */
export interface Swept {
  readonly matched: number;
  readonly done: number;
  readonly cursor?: string;
  readonly conflicts?: readonly KeyConflict[];
}

/** Jobs changed in one round trip: few enough that no other app waits for them. */
const ACTION_SLICE = 100;

/** Does something to one dead job, or to all that match a filter. */
@Injectable()
export class DeadLetterSweep {
  constructor(
    private readonly scanner: DeadLetterScanner,
    private readonly reader: JobReader,
  ) {}

  async run(
    which: JobRef | DeadLetterFilter,
    options: DeadLetterActionOptions,
    action: DeadLetterAction,
  ): Promise<Swept> {
    const checked = checkActionOptions(options);
    return isRef(which) ? this.one(which, checked, action) : this.all(which, checked, action);
  }

  private async one(ref: JobRef, { dryRun }: CheckedActionOptions, action: DeadLetterAction): Promise<Swept> {
    const found = await this.reader.find(ref);
    if (found?.state !== 'failed') return { matched: 0, done: 0 };
    const { job } = found;
    const position = { queue: job.queueName, storedId: job.id ?? '', diedAt: job.finishedOn ?? 0 };
    return told(1, await action([position], dryRun));
  }

  private async all(
    which: DeadLetterFilter,
    { limit, dryRun, after, onProgress, signal }: CheckedActionOptions,
    action: DeadLetterAction,
  ): Promise<Swept> {
    const filter = checkFilter(which);
    let [scanned, matched, done] = [0, 0, 0];
    const conflicts: KeyConflict[] = [];
    let end = after ?? BEGINNING;
    const isOver = () => matched >= limit || signal?.aborted === true;
    const swept = () => ({
      ...told(matched, { done, conflicts }),
      ...(isOver() ? { cursor: toCursor(end) } : {}),
    });
    if (isOver()) return swept();
    for await (const { positions, matches } of this.scanner.scan(filter, after)) {
      const chosen = matches.slice(0, limit - matched);
      for (let from = 0; from < chosen.length && !isOver(); from += ACTION_SLICE) {
        const slice = chosen.slice(from, from + ACTION_SLICE);
        const outcome = await action(slice, dryRun);
        done += outcome.done;
        conflicts.push(...outcome.conflicts);
        matched += slice.length;
        end = slice.at(-1)!;
        onProgress?.({ scanned: scanned + positions.indexOf(end) + 1, matched, done });
      }
      if (isOver()) return swept();
      scanned += positions.length;
      const last = positions.at(-1)!;
      if (end !== last) onProgress?.({ scanned, matched, done });
      end = last;
      if (isOver()) return swept();
    }
    return told(matched, { done, conflicts });
  }
}

function told(matched: number, { done, conflicts }: ActionOutcome): Swept {
  return { matched, done, ...(conflicts.length > 0 ? { conflicts } : {}) };
}

function isRef(which: JobRef | DeadLetterFilter): which is JobRef {
  return typeof which === 'string' || (typeof which === 'object' && which !== null && 'id' in which);
}
