import { Injectable } from '@nestjs/common';
import { AttemptFailure } from '../engine/attempt-failure.js';
import { readMeta } from '../engine/job-meta.js';
import type { SlotOutcomeName } from '../engine/schedule-records.js';
import { slotEndOf } from '../engine/slot-end.js';
import type { StoredJob } from '../engine/stored-job.js';
import { ScheduleStore } from './schedule.store.js';

/** Notes how the slots ended whose jobs end here, in the background: nothing waits for it, and nothing is done where it fails. */
@Injectable()
export class SlotOutcomes {
  constructor(private readonly store: ScheduleStore) {}

  /** The job of a slot completed, or it did not run and that is its result. */
  completed(job: StoredJob): void {
    this.note(job, () => {
      const end = slotEndOf(job.returnvalue);
      if (end === undefined) return 'ok';
      // A schedule that is gone has no slots any more.
      if (end === 'removed') return undefined;
      return end === 'missed' ? 'missed' : 'skipped';
    });
  }

  /** An attempt failed: the slot has ended when no other one follows. */
  failed(job: StoredJob, error: Error): void {
    this.note(job, () => {
      if (!job.finishedOn || (error instanceof AttemptFailure && error.kind === 'retrying')) return undefined;
      return error instanceof AttemptFailure && error.kind === 'cancelled' ? 'cancelled' : 'failed';
    });
  }

  private note(job: StoredJob, outcomeOf: () => SlotOutcomeName | undefined): void {
    const { slot: meta, scheduledFor: slot } = readMeta(job.opts);
    // What a person asked for is no slot.
    if (meta?.revision === undefined || slot === undefined) return;
    const outcome = outcomeOf();
    if (outcome) this.store.noteSlots(meta.schedule, [{ slot, outcome }]).catch(() => undefined);
  }
}
