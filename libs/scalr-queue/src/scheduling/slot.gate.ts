import { Inject, Injectable, Logger } from '@nestjs/common';
import type { JobMeta } from '../jobs/job-meta.js';
import type { StoredJob } from '../jobs/stored-job.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { RESOLVED_OPTIONS } from '../options/tokens.js';
import { ScheduleKeeper } from './schedule.keeper.js';
import { ScheduleStore, type Verdict } from './schedule.store.js';

const WHY: Readonly<Record<Exclude<Verdict, 'run'>, string>> = {
  missed: 'was missed and is skipped',
  covered: 'was missed, and a later run stood in for it',
  paused: 'is skipped, the schedule is paused',
  removed: 'is skipped, the schedule was removed',
  changed: 'is skipped, the schedule was changed',
};

/** Decides, when the job of a slot is about to start, whether it still may. */
@Injectable()
export class SlotGate {
  private readonly logger = new Logger('ScalrQueue');

  constructor(
    private readonly store: ScheduleStore,
    private readonly keeper: ScheduleKeeper,
    @Inject(RESOLVED_OPTIONS) private readonly app: ResolvedOptions,
  ) {}

  /** True for a job of no schedule, and for one that has started before: a retry is never too late. */
  async admits(job: StoredJob, { slot: meta, scheduledFor: slot }: JobMeta): Promise<boolean> {
    if (!meta || slot === undefined || hasStarted(job)) return true;
    const { schedule, revision = '', missed = 'skip', lateAfter = Infinity } = meta;
    const lateBy = this.app.clock.now() - slot;
    const late = lateBy > lateAfter;
    const manual = meta.revision === undefined;
    const candidate = { schedule, revision, slot, late, once: missed === 'once', manual };
    // Redis went away just now: the job says itself whether it is too late.
    const verdict = await this.store
      .admit(candidate)
      .catch((): Verdict => (late && missed === 'skip' ? 'missed' : 'run'));
    this.keeper.wake();
    const text = `Schedule "${schedule}": the slot ${new Date(slot).toISOString()}`;
    if (verdict === 'run') {
      if (late) this.logger.warn(`${text} runs ${lateBy} ms late, for itself and all that were missed since`);
      return true;
    }
    this.logger.warn(`${text} ${WHY[verdict]} (${lateBy} ms after its time)`);
    return false;
  }
}

/** The last of them tells that a dead job was put back by hand. */
function hasStarted(job: StoredJob): boolean {
  return job.attemptsStarted > 1 || job.attemptsMade > 0 || (job.stacktrace?.length ?? 0) > 0;
}
