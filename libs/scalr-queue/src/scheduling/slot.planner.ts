import { Inject, Injectable, Logger } from '@nestjs/common';
import { counted } from '../contract/counted.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { KEPT_SLOTS } from '../engine/schedule-records.js';
import { SlotQueue } from './slot.queue.js';
import { ScheduleStore, type StoredSchedule } from './schedule.store.js';
import { lastSlots, tolerance } from './timetable.js';

/** A slot nearer than this is not looked at any more: it may be starting on a worker whose clock is ahead. */
const SETTLED = 5_000;

/** Sees to it that the next slot of a schedule is enqueued, and decides about those that passed without. */
@Injectable()
export class SlotPlanner {
  private readonly logger = new Logger('ScalrQueue');

  constructor(
    private readonly slots: SlotQueue,
    private readonly store: ScheduleStore,
    @Inject(RESOLVED_OPTIONS) private readonly app: ResolvedOptions,
  ) {}

  async plan(schedule: StoredSchedule): Promise<void> {
    const { lastSlot, timetable } = schedule;
    if (schedule.paused) return this.takeBack(schedule);
    const now = this.app.clock.now();
    if (lastSlot !== undefined && lastSlot <= now) await this.catchUp(schedule, lastSlot, now);
    const next = timetable.next(now);
    if (lastSlot === undefined || next > lastSlot) await this.slots.add(schedule, next);
    else if (lastSlot - now > SETTLED) await this.slots.verify(schedule, lastSlot);
  }

  /** Removes the pending slot of a paused schedule. */
  async takeBack(schedule: StoredSchedule): Promise<void> {
    if (schedule.lastSlot === undefined) return;
    await this.slots.remove(schedule, schedule.lastSlot);
    await this.store.forgetSlot(schedule.spec.name);
  }

  /** Slots that passed while nobody enqueued. */
  private async catchUp(schedule: StoredSchedule, lastSlot: number, now: number): Promise<void> {
    const { spec, timetable, covered } = schedule;
    const { count, latest } = timetable.between(lastSlot, now);
    if (latest === undefined) return;
    const inTime = now - latest <= tolerance(timetable, latest);
    // Where the last one that was enqueued has not run yet, it will: that is the one late run.
    const uncovered = covered !== undefined && covered >= lastSlot && covered < latest;
    const once = spec.missed === 'once' && uncovered;
    if (inTime || once) await this.slots.add(schedule, latest);
    const missed = inTime ? count - 1 : count;
    if (missed > 0)
      await this.noteMissed(schedule, {
        since: lastSlot,
        until: inTime || once ? latest - 1 : latest,
        count,
      });
    if (missed > 0 && spec.missed === 'skip')
      await this.store.missed(spec.name, inTime ? timetable.between(lastSlot, latest - 1).latest! : latest);
    if (missed > 0 && (inTime || once || spec.missed === 'skip')) {
      const none = missed === 1 ? 'it does not run' : 'they do not run';
      const what = once && !inTime ? 'the latest runs now, late' : none;
      this.logger.warn(`Schedule "${spec.name}": ${counted(missed, 'slot')} passed with no worker, ${what}`);
    }
  }

  /** None of these ran. Another process may have found the same, or one that ran after all. */
  private async noteMissed(
    { spec, timetable }: StoredSchedule,
    span: { since: number; until: number; count: number },
  ): Promise<void> {
    const slots = lastSlots(timetable, { ...span, most: KEPT_SLOTS });
    const missed = slots.map((slot) => ({ slot, outcome: 'missed' as const }));
    await this.store.noteSlots(spec.name, missed, true).catch(() => undefined);
  }
}
