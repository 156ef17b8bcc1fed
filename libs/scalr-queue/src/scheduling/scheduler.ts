import { Injectable, Logger } from '@nestjs/common';
import { QueueEngine } from '../engine/queue.engine.js';
import { nameOf, type WorkerInfo } from '../contract/worker-info.js';
import { ScheduleChecker, type ScheduledHandler } from './schedule.checker.js';
import type { ScheduleSpec } from './schedule-record.js';
import { type Declarer, ScheduleStore, type StoredSchedule, type StoredSchedules } from './schedule.store.js';
import { SlotPlanner } from './slot.planner.js';
import { SlotQueue } from './slot.queue.js';

/** The longest time between two looks: how soon a wiped Redis, or a schedule resumed elsewhere, is noticed. */
const MAX_PAUSE = 10_000;
/** How often a worker looks whether those that booted later still live. */
const NEWER_LOOK_INTERVAL = 5_000;
/** How long they may be gone: a restart is no reason to bring the schedules of an older version back. */
const NEWER_GONE_GRACE = 10_000;
const RETRY_PAUSE = 1_000;
const JITTER = 1_000;

/**
 * Keeps the schedules of the app going; runs in every worker process, from the start of its workers to the shutdown. At boot
 * it declares the schedules of the code. From then on it enqueues the next slots of what is stored, be that its own code or
 * that of a newer worker: during a rolling deploy old and new workers do the same.
 */
@Injectable()
export class Scheduler {
  private readonly logger = new Logger('ScalrQueue');
  private specs: readonly ScheduleSpec[] = [];
  private boot?: number;
  private self: Declarer & Partial<Pick<WorkerInfo, 'id' | 'startedAt'>> = {
    program: '-',
    title: 'this worker',
  };
  private onDeclare: () => void = () => undefined;
  private newerGoneSince?: number;
  /** Own schedules that a newer worker has removed. */
  private readonly removed = new Set<string>();
  /** Of the own schedules, the slots that were enqueued last. */
  private readonly lastSlots = new Map<string, number>();
  private running = false;
  private timer?: NodeJS.Timeout;
  private nextLookAt = Infinity;
  private looking = false;
  private stopHearing: () => void = () => undefined;

  constructor(
    private readonly engine: QueueEngine,
    private readonly checker: ScheduleChecker,
    private readonly store: ScheduleStore,
    private readonly planner: SlotPlanner,
    private readonly slots: SlotQueue,
  ) {}

  /** What the other workers are to know: it orders those that declare schedules. Absent before the first declaration. */
  get declared(): number | undefined {
    return this.boot;
  }

  /**
   * Says whose schedules these are.
   * @param onDeclare called whenever `declared` has changed
   */
  introduce(
    worker: Pick<WorkerInfo, 'id' | 'startedAt' | 'host' | 'pid' | 'program' | 'version'>,
    onDeclare: () => void,
  ): void {
    const { id, startedAt, program = '-' } = worker;
    this.self = { id, startedAt, program: program.replaceAll(/\s/g, '-'), title: nameOf(worker) };
    this.onDeclare = onDeclare;
  }

  /** @throws QueueConfigError when a schedule is wrong */
  async prepare(handlers: Iterable<ScheduledHandler>): Promise<void> {
    this.specs = await this.checker.check(handlers);
  }

  start(): void {
    this.running = true;
    this.lookAgain(0);
    this.stopHearing = this.engine.onReady(() => this.lookAtOnce());
  }

  stop(): void {
    this.running = false;
    clearTimeout(this.timer);
    this.stopHearing();
  }

  /** Redis may have come back without its data. */
  private lookAtOnce(): void {
    if (!this.looking) this.lookAgain(0);
  }

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
    let delay = RETRY_PAUSE;
    this.looking = true;
    try {
      delay = await this.reconcile();
    } catch (error) {
      if (this.running) this.engine.report(error);
    } finally {
      this.looking = false;
    }
    this.lookAgain(delay);
  }

  /** Does what is due; returns how long nothing will have to be done. */
  async reconcile(): Promise<number> {
    let stored = await this.store.read();
    const current = stored.bootOf(this.self.program);
    if (this.boot === undefined || current < this.boot) {
      if (this.boot !== undefined)
        this.logger.warn(
          'Redis has forgotten the schedules of this app: was it emptied, or started without its data? They are declared again; jobs that waited are gone.',
        );
      await this.declare(this.boot);
      stored = await this.store.read();
    } else if (current > this.boot && (await this.outlivedNewer())) {
      this.logger.warn(
        `No worker that booted after this one is live any more (the last was ${stored.declaredBy ?? 'of release 0.1.0'}): the schedules of this version hold again`,
      );
      await this.declare();
      await this.recall();
      stored = await this.store.read();
    }
    const superseded = stored.bootOf(this.self.program) > (this.boot ?? 0);
    this.follow(stored, superseded);
    await Promise.all(stored.schedules.map((schedule) => this.planner.plan(schedule)));
    return Math.min(pauseUntilNext(stored.schedules), superseded ? NEWER_LOOK_INTERVAL : Infinity);
  }

  /**
   * Whether every worker of this program that booted later has been gone for a while, and this is the newest that lives. Those that
   * shut down count as gone. Release 0.1.0 does not say when it declared: one that started later may be the newest.
   */
  private async outlivedNewer(): Promise<boolean> {
    const { boot = 0, self } = this;
    const isNewer = ({ id, draining, program = '-', schedulesBoot, startedAt }: WorkerInfo) => {
      if (draining || id === self.id) return false;
      if (schedulesBoot === undefined) return self.startedAt === undefined || startedAt >= self.startedAt;
      return program === self.program && schedulesBoot > boot;
    };
    if ((await this.engine.workers.list()).some(isNewer)) {
      this.newerGoneSince = undefined;
      return false;
    }
    const now = Date.now();
    this.newerGoneSince ??= now;
    return now - this.newerGoneSince >= NEWER_GONE_GRACE;
  }

  private async declare(as?: number): Promise<void> {
    const isFirst = this.boot === undefined;
    const { boot, withdrawn } = await this.store.declare(this.specs, this.self, as);
    this.boot = boot;
    this.newerGoneSince = undefined;
    this.onDeclare();
    const names = this.specs.map(({ name }) => name);
    if (isFirst && names.length > 0) this.logger.log(`Schedules: ${names.join(', ')}`);
    for (const old of withdrawn) {
      await this.slots.remove(old, old.lastSlot);
      const { name } = old.spec;
      if (names.includes(name)) this.logger.log(`Schedule "${name}": changed`);
      else
        this.logger.warn(
          `Schedule "${name}": removed by ${this.self.title}, whose code does not have it; it was declared by ${old.by || 'a worker of release 0.1.0'}`,
        );
    }
  }

  /** Slots that passed while the schedules of another version held are missed, as if no worker had lived. */
  private async recall(): Promise<void> {
    const { schedules } = await this.store.read();
    for (const { spec, lastSlot } of schedules) {
      const before = this.lastSlots.get(spec.name);
      if (this.removed.has(spec.name) && lastSlot === undefined && before !== undefined)
        await this.store.recall(spec.name, before);
    }
  }

  /** Says what a newer worker has removed, and remembers how far the own schedules are. */
  private follow({ schedules, declaredBy }: StoredSchedules, superseded: boolean): void {
    for (const { name } of this.specs) {
      const stored = schedules.find(({ spec }) => spec.name === name);
      if (stored) {
        this.removed.delete(name);
        if (stored.lastSlot !== undefined) this.lastSlots.set(name, stored.lastSlot);
      } else if (superseded && !this.removed.has(name)) {
        this.removed.add(name);
        this.logger.warn(
          `Schedule "${name}": removed by ${declaredBy ?? 'a worker of release 0.1.0'}, which booted after this worker; it is back soon after the last worker of that version is gone`,
        );
      }
    }
  }
}

function pauseUntilNext(schedules: readonly StoredSchedule[]): number {
  const now = Date.now();
  const next = schedules.filter(({ paused }) => !paused).map(({ timetable }) => timetable.next(now) - now);
  const pause = Math.min(...next, MAX_PAUSE);
  // Not all processes at the same moment; but well before the slot after the next.
  return pause + Math.random() * Math.min(JITTER, pause / 10);
}
