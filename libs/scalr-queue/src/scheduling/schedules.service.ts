import { Inject, Injectable } from '@nestjs/common';
import { onlyActor } from '../audit/actor.js';
import { AuditLog } from '../audit/audit.log.js';
import type { Actor, AuditAction } from '../contract/audit.js';
import { withDeadline } from '../engine/deadline.js';
import { QueueEngine } from '../engine/queue.engine.js';
import { UnknownJobError } from '../contract/errors/configuration.errors.js';
import { QueueUnavailableError } from '../contract/errors/enqueue.errors.js';
import type { EnqueuedJob } from '../contract/enqueue-options.js';
import type { SlotOutcomeName } from '../engine/schedule-records.js';
import { newJobId } from '../engine/job-id.js';
import { ENQUEUE_DEADLINE } from '../contract/defaults.js';
import { describe } from '../contract/option-checker.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { cureOf } from '../contract/suggestion.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { JobSender } from '../producer/job.sender.js';
import { lateSlot } from './late-slot.js';
import { ScheduleStore, type StoredSchedule } from './schedule.store.js';
import { SlotPlanner } from './slot.planner.js';
import { SlotQueue } from './slot.queue.js';

/** A schedule as it stands at this moment. */
export interface ScheduleInfo {
  readonly name: string;
  /** Queue that its jobs wait in. */
  readonly queue: string;
  /** The cron expression, for a schedule that has one. */
  readonly cron?: string;
  /** Milliseconds between two slots, for a schedule without one. */
  readonly every?: number;
  /** Time zone of the cron expression. */
  readonly tz?: string;
  /** The next slot; of a paused schedule, the one that would be next if it were resumed now. */
  readonly nextRunAt: Date;
  /** When a job of the schedule last started, also one of `runNow`. */
  readonly lastRunAt?: Date;
  /** When a job of the schedule last succeeded. */
  readonly lastSuccessAt?: Date;
  /** The latest slot that was missed and did not run. */
  readonly lastMissedAt?: Date;
  /** A slot that is due and that no worker has started. */
  readonly lateSince?: Date;
  readonly paused: boolean;
}

/** How the last slots of a schedule ended. */
export interface ScheduleOutcomes {
  readonly name: string;
  /** At most thirty, in the order of the slots. */
  readonly slots: readonly SlotOutcome[];
}

/** How a slot ended. */
export interface SlotOutcome {
  readonly slot: Date;
  /**
   * `ok`: its job completed; `failed`: it is dead; `missed`: it did not run, as no worker took it in time; `skipped`: it did not run, as the schedule was paused or changed, or a later
   * run stood in for it; `cancelled`: it was cancelled while it ran.
   */
  readonly outcome: SlotOutcomeName;
}

/** Looking at the schedules of the app, and handling them, from any of its processes. */
@Injectable()
export class SchedulesService {
  /** @internal */
  constructor(
    private readonly engine: QueueEngine,
    private readonly store: ScheduleStore,
    private readonly slots: SlotQueue,
    private readonly planner: SlotPlanner,
    private readonly sender: JobSender,
    private readonly audit: AuditLog,
    @Inject(RESOLVED_OPTIONS) private readonly app: ResolvedOptions,
  ) {}

  /**
   * All schedules of the app, by name: those that the most recently booted worker declared; none before a worker has run.
   * @throws QueueUnavailableError within 1.1 s when Redis does not answer
   */
  list(): Promise<ScheduleInfo[]> {
    return this.bounded(async () => {
      const { schedules } = await this.store.read();
      return schedules
        .map((schedule) => toInfo(schedule, this.app.clock.now()))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1));
    });
  }

  /**
   * How the last thirty slots of each schedule ended, by name; runs of `runNow` are no slots. Nothing is kept with `history: false`.
   * @throws QueueUnavailableError within 1.1 s when Redis does not answer
   */
  outcomes(): Promise<ScheduleOutcomes[]> {
    return this.bounded(async () => {
      const names = (await this.store.read()).schedules.map(({ spec }) => spec.name).toSorted();
      const ended = await this.engine.schedules.endedSlots(names);
      return names.map((name, at) => ({
        name,
        slots: (ended[at] ?? []).map(({ slot, outcome }) => ({ slot: new Date(slot), outcome })),
      }));
    });
  }

  /**
   * Enqueues the job of a schedule at once, beside its slots, also while it is paused. `ctx.scheduledFor` is this moment.
   *
   * @param actor who does it, for `AuditService`
   * @throws UnknownJobError for a name that no schedule has; what `EnqueueService.enqueue` throws
   */
  async runNow(name: string, actor: Actor = {}): Promise<EnqueuedJob> {
    return this.act('schedule.run-now', name, actor, async () => {
      const { spec } = await this.bounded(() => this.find(name));
      const job = this.slots.prepare(spec, newJobId(), this.app.clock.now(), { schedule: name });
      this.engine.types.record(job);
      return this.sender.send(job);
    });
  }

  /**
   * Stops a schedule until it is resumed, also over redeploys. The slot that waits for its time is removed; a job that runs goes on.
   * Does nothing to a schedule that is paused already.
   *
   * @param actor who does it, for `AuditService`
   * @throws UnknownJobError for a name that no schedule has; QueueUnavailableError, after which it may be paused or not
   */
  async pause(name: string, actor: Actor = {}): Promise<void> {
    const pause = async () => {
      await this.find(name);
      await this.store.pause(name);
      await this.planner.takeBack(await this.find(name));
    };
    await this.act('schedule.pause', name, actor, () => this.bounded(pause));
  }

  /**
   * Lets a paused schedule go on with its next slot; those in between do not count as missed.
   * Does nothing to a schedule that is not paused.
   *
   * @param actor who does it, for `AuditService`
   * @throws UnknownJobError for a name that no schedule has; QueueUnavailableError, after which it may be resumed or not
   */
  async resume(name: string, actor: Actor = {}): Promise<void> {
    const resume = async () => {
      const schedule = await this.find(name);
      if (!schedule.paused) return;
      await this.store.resume(name);
      await this.planner.plan(await this.find(name));
    };
    await this.act('schedule.resume', name, actor, () => this.bounded(resume));
  }

  private act<T>(action: AuditAction, schedule: string, actor: Actor, work: () => Promise<T>): Promise<T> {
    return this.audit.run({ action, what: { schedule }, options: onlyActor(actor) }, work);
  }

  private async find(name: unknown): Promise<StoredSchedule> {
    const { schedules } = await this.store.read();
    const found = schedules.find(({ spec }) => spec.name === name);
    if (found) return found;
    const names = schedules.map(({ spec }) => spec.name).toSorted();
    const cure = names.length > 0 ? cureOf(name, names) : 'no worker has declared any yet';
    throw new UnknownJobError(`no schedule is called ${describe(name)}, ${cure}`);
  }

  private async bounded<T>(work: () => Promise<T>): Promise<T> {
    await this.engine.usable('read');
    const late = () => new QueueUnavailableError(`Redis did not answer within ${ENQUEUE_DEADLINE} ms`);
    return withDeadline(work(), ENQUEUE_DEADLINE + 50, late).catch(async (error: unknown) => {
      throw await this.engine.readError(error);
    });
  }
}

function toInfo(schedule: StoredSchedule, now: number): ScheduleInfo {
  const { spec, timetable, paused, lastRunAt, lastSuccessAt, lastMissedAt } = schedule;
  const late = lateSlot(schedule, now);
  const { name, queue, cron, written, every, tz } = spec;
  return {
    name,
    queue,
    ...(cron === undefined ? { every } : { cron: written ?? cron, tz }),
    nextRunAt: new Date(timetable.next(now)),
    ...(lastRunAt === undefined ? {} : { lastRunAt: new Date(lastRunAt) }),
    ...(lastSuccessAt === undefined ? {} : { lastSuccessAt: new Date(lastSuccessAt) }),
    ...(lastMissedAt === undefined ? {} : { lastMissedAt: new Date(lastMissedAt) }),
    ...(late === undefined ? {} : { lateSince: new Date(late) }),
    paused,
  };
}
