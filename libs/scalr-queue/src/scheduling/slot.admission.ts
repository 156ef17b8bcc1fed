import { Inject, Injectable, Logger } from '@nestjs/common';
import type { JobMeta, SlotMeta } from '../engine/job-meta.js';
import type { StoredJob } from '../engine/stored-job.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { Scheduler } from './scheduler.js';
import type { Verdict } from '../engine/schedule-records.js';
import { ScheduleStore } from './schedule.store.js';
import type { SlotEnd } from '../engine/slot-end.js';

const WHY: Readonly<Record<SlotEnd, string>> = {
  missed: 'was missed and is skipped',
  covered: 'was missed, and a later run stood in for it',
  paused: 'is skipped, the schedule is paused',
  removed: 'is skipped, the schedule was removed',
  changed: 'is skipped, the schedule was changed',
};

/** Decides, when the job of a slot is about to start, whether it still may; and notes what became of it. */
@Injectable()
export class SlotAdmission {
  private readonly logger = new Logger('ScalrQueue');

  constructor(
    private readonly store: ScheduleStore,
    private readonly scheduler: Scheduler,
    @Inject(RESOLVED_OPTIONS) private readonly app: ResolvedOptions,
  ) {}

  /** Undefined for a job that may start: one of no schedule, one in time, and one that has started before. */
  async refusal(job: StoredJob, { slot: meta, scheduledFor: slot }: JobMeta): Promise<SlotEnd | undefined> {
    if (!meta || slot === undefined || hasFailed(job)) return undefined;
    const lateBy = this.app.clock.now() - slot;
    const verdict = await this.judge(job, meta, slot, lateBy);
    if (verdict === 'again') return undefined;
    this.scheduler.wake();
    const text = `Schedule "${meta.schedule}": the slot ${new Date(slot).toISOString()}`;
    if (verdict === 'run') {
      if (lateBy > lateAfter(meta))
        this.logger.warn(`${text} runs ${lateBy} ms late, for itself and all that were missed since`);
      return undefined;
    }
    this.logger.warn(`${text} ${WHY[verdict]} (${lateBy} ms after its time)`);
    return verdict;
  }

  /** A run of the job has succeeded. */
  async succeeded({ slot }: JobMeta): Promise<void> {
    if (slot) await this.store.succeeded(slot.schedule).catch(() => undefined);
  }

  private async judge(job: StoredJob, meta: SlotMeta, slot: number, lateBy: number): Promise<Verdict> {
    const { schedule, revision = '', missed = 'skip' } = meta;
    const late = lateBy > lateAfter(meta);
    const manual = meta.revision === undefined;
    const taken = job.attemptsStarted > 1;
    const once = missed === 'once';
    const { queueName: queue, id: storedId = '' } = job;
    const candidate = { schedule, revision, slot, late, once, manual, queue, storedId, taken };
    // Redis went away just now: the job says itself whether it is too late.
    return this.store.admit(candidate).catch((): Verdict => (late && !once ? 'missed' : 'run'));
  }
}

const lateAfter = (meta: SlotMeta): number => meta.lateAfter ?? Infinity;

/** The last of them tells that a dead job was put back by hand. */
function hasFailed(job: StoredJob): boolean {
  return job.attemptsMade > 0 || (job.stacktrace?.length ?? 0) > 0;
}
