import { Inject, Injectable } from '@nestjs/common';
import { QueueEngine } from '../engine/queue.engine.js';
import { type JobMeta, readMeta, type SlotMeta } from '../engine/job-meta.js';
import { toStoredId } from '../engine/job-id.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import type { PreparedJob, StoredOptions } from '../engine/prepared-job.js';
import { Tracing } from '../tracing/tracing.js';
import type { ScheduleSpec, VersionedSpec } from './schedule-record.js';
import type { StoredSchedule } from './schedule.store.js';
import { tolerance } from './timetable.js';

/**
 * The jobs of slots. Each is an ordinary delayed job, enqueued before its time under an id that names the slot, so that it
 * becomes one job whoever enqueues it how often, and is there whatever crashes. The engine has schedulers of its own, which
 * are not used: they cannot be paused, make the next job only when the one before starts, never give up a job that kills its
 * workers, and go on for schedules that are no longer in the code.
 */
@Injectable()
export class SlotQueue {
  constructor(
    private readonly engine: QueueEngine,
    private readonly tracing: Tracing,
    @Inject(RESOLVED_OPTIONS) private readonly app: ResolvedOptions,
  ) {}

  /** Enqueues a slot; does nothing where its job is stored already. A slot that has passed starts at once. */
  add(schedule: StoredSchedule, slot: number): Promise<void> {
    const { job: name, queue, name: title } = schedule.spec;
    return this.tracing.slot({ name, queue, schedule: title }, () => this.send(schedule, slot));
  }

  private async send(schedule: StoredSchedule, slot: number): Promise<void> {
    const job = this.prepareSlot(schedule, slot);
    this.engine.types.record(job);
    const options = this.tracing.carried(job.options);
    await this.engine.intake.addSlot({ ...job, options }, schedule.spec.name, slot);
  }

  /** The job of a slot. */
  private prepareSlot({ spec, revision, timetable }: StoredSchedule, slot: number): PreparedJob {
    const { name: schedule, missed } = spec;
    const meta: SlotMeta = { schedule, revision, missed, lateAfter: tolerance(timetable, slot) };
    return this.prepare(spec, slotId(spec, slot), slot, meta);
  }

  /** A job of a schedule, for a slot or for one run that a person asked for. */
  prepare(spec: ScheduleSpec, id: string, slot: number, slotMeta: SlotMeta): PreparedJob {
    const now = this.app.clock.now();
    const { job: name, queue, data, options, expiresIn } = spec;
    const meta: JobMeta = {
      ...options.scalr,
      scheduledFor: slot,
      slot: slotMeta,
      // What may run late does not expire before it has.
      ...(expiresIn === undefined || slotMeta.missed === 'once' ? {} : { expiresAt: slot + expiresIn }),
    };
    const own = { jobId: toStoredId(name, id), timestamp: now, scalr: meta };
    const delay = slot > now ? { delay: slot - now } : {};
    return {
      id,
      name,
      queue,
      json: JSON.stringify(data),
      contested: false,
      options: { ...(options as Partial<StoredOptions>), ...own, ...delay },
    };
  }

  /** Takes a slot back that has not come yet; one whose time has passed is left to start, or to be skipped. */
  async remove({ spec }: VersionedSpec, slot: number): Promise<void> {
    if (slot <= this.app.clock.now()) return;
    await this.engine.jobs.remove(placeOf(spec, slot));
  }

  /** Puts a pending slot right that is not there any more, or was enqueued by a worker that did not know of a change yet. */
  async verify(schedule: StoredSchedule, slot: number): Promise<void> {
    const { queue, storedId } = placeOf(schedule.spec, slot);
    const found = await this.engine.jobs.read(queue, storedId);
    if (found) {
      if (readMeta(found.job.opts).slot?.revision === schedule.revision) return;
      await this.remove(schedule, slot);
    }
    await this.add(schedule, slot);
  }
}

const placeOf = (spec: ScheduleSpec, slot: number) => ({
  queue: spec.queue,
  storedId: toStoredId(spec.job, slotId(spec, slot)),
});

/** Several schedules can enqueue the same job at the same time; the one that has the name of the job has the plain id. */
function slotId({ name, job }: ScheduleSpec, slot: number): string {
  return name === job ? `slot-${slot}` : `slot-${slot}-${name}`;
}
