import { Injectable, Logger } from '@nestjs/common';
import { RedisConnections } from '../connection/redis.connections.js';
import { ScheduleChecker, type ScheduledHandler } from './schedule.checker.js';
import type { ScheduleSpec } from './schedule-spec.js';
import { ScheduleStore, type StoredSchedule } from './schedule.store.js';
import { SlotPlanner } from './slot.planner.js';
import { SlotQueue } from './slot.queue.js';

/** The longest time between two looks: how soon a wiped Redis, or a schedule resumed elsewhere, is noticed. */
const LONGEST_PAUSE = 30_000;
const TRY_AGAIN = 1_000;
const JITTER = 1_000;

/**
 * Keeps the schedules of the app going; runs in every worker process, from the start of its workers to the shutdown. At boot
 * it declares the schedules of the code. From then on it enqueues the next slots of what is stored, be that its own code or
 * that of a newer worker: during a rolling deploy old and new workers do the same.
 */
@Injectable()
export class ScheduleKeeper {
  private readonly logger = new Logger('ScalrQueue');
  private specs: readonly ScheduleSpec[] = [];
  private boot?: number;
  private running = false;
  private timer?: NodeJS.Timeout;
  private nextLookAt = Infinity;
  private looking = false;

  constructor(
    private readonly connections: RedisConnections,
    private readonly checker: ScheduleChecker,
    private readonly store: ScheduleStore,
    private readonly planner: SlotPlanner,
    private readonly slots: SlotQueue,
  ) {}

  /** @throws QueueConfigError when a schedule is wrong */
  async prepare(handlers: Iterable<ScheduledHandler>): Promise<void> {
    this.specs = await this.checker.check(handlers);
  }

  start(): void {
    this.running = true;
    this.lookAgain(0);
    this.connections.producer.on('ready', this.lookAtOnce);
  }

  stop(): void {
    this.running = false;
    clearTimeout(this.timer);
    this.connections.producer.off('ready', this.lookAtOnce);
  }

  /** Redis may have come back without its data. */
  private readonly lookAtOnce = (): void => {
    if (!this.looking) this.lookAgain(0);
  };

  /** A slot starts: see soon to the next one, where that was not planned anyway. */
  wake(): void {
    if (this.running && !this.looking && this.nextLookAt - Date.now() > JITTER) this.lookAgain(0);
  }

  private lookAgain(delay: number): void {
    if (!this.running) return;
    clearTimeout(this.timer);
    this.nextLookAt = Date.now() + delay;
    this.timer = setTimeout(() => void this.look(), delay);
    this.timer.unref();
  }

  private async look(): Promise<void> {
    let delay = TRY_AGAIN;
    this.looking = true;
    try {
      delay = await this.keepUp();
    } catch (error) {
      if (this.running) this.connections.log.trouble(error as Error);
    } finally {
      this.looking = false;
    }
    this.lookAgain(delay);
  }

  /** Does what is due; returns how long nothing will have to be done. */
  async keepUp(): Promise<number> {
    let stored = await this.store.read();
    if (this.boot === undefined || (stored.boot ?? 0) < this.boot) {
      if (this.boot !== undefined)
        this.logger.warn(
          'Redis has forgotten the schedules of this app: was it emptied, or started without its data? They are declared again; jobs that waited are gone.',
        );
      await this.declare();
      stored = await this.store.read();
    }
    await Promise.all(stored.schedules.map((schedule) => this.planner.plan(schedule)));
    return pauseUntilNext(stored.schedules);
  }

  private async declare(): Promise<void> {
    const isFirst = this.boot === undefined;
    const { boot, withdrawn } = await this.store.declare(this.specs, this.boot);
    this.boot = boot;
    const names = this.specs.map(({ name }) => name);
    if (isFirst && names.length > 0) this.logger.log(`Schedules: ${names.join(', ')}`);
    for (const old of withdrawn) {
      await this.slots.remove(old, old.lastSlot);
      const what = names.includes(old.spec.name)
        ? 'changed'
        : 'removed, it is not in the code of this worker';
      this.logger.log(`Schedule "${old.spec.name}": ${what}`);
    }
  }
}

function pauseUntilNext(schedules: readonly StoredSchedule[]): number {
  const now = Date.now();
  const next = schedules.filter(({ paused }) => !paused).map(({ timetable }) => timetable.next(now) - now);
  const pause = Math.min(...next, LONGEST_PAUSE);
  // Not all processes at the same moment; but well before the slot after the next.
  return pause + Math.random() * Math.min(JITTER, pause / 10);
}
