import { Logger } from '@nestjs/common';
import { vi } from 'vitest';
import { resolveOptions } from '../../libs/scalr-queue/src/config/resolved-options.js';
import { defineJob } from '../../libs/scalr-queue/src/contract/job-definition.js';
import type { WorkerInfo } from '../../libs/scalr-queue/src/contract/worker-info.js';
import { MemoryEngine } from '../../libs/scalr-queue/src/engine/memory/memory.engine.js';
import type { ScheduleOptions } from '../../libs/scalr-queue/src/scheduling/schedule-options.js';
import { ScheduleChecker } from '../../libs/scalr-queue/src/scheduling/schedule.checker.js';
import { Scheduler } from '../../libs/scalr-queue/src/scheduling/scheduler.js';
import { ScheduleStore } from '../../libs/scalr-queue/src/scheduling/schedule.store.js';
import { SlotPlanner } from '../../libs/scalr-queue/src/scheduling/slot.planner.js';
import { SlotQueue } from '../../libs/scalr-queue/src/scheduling/slot.queue.js';
import { Tracing } from '../../libs/scalr-queue/src/tracing/tracing.js';

/** On the hour. */
export const NOON = Date.parse('2026-03-01T12:00Z');
const Tick = defineJob('tick');

export const hourly = (name: string): ScheduleOptions => ({ name, every: '1h' });

/** An app in memory, in whose workers nothing runs but their schedulers. */
export function startApp() {
  const options = resolveOptions({ app: 'billing', redis: 'redis://none.invalid' }, {});
  const engine = new MemoryEngine(options);
  /** As they tell of themselves. */
  const live = new Map<string, Partial<WorkerInfo>>();
  vi.spyOn(engine.workers, 'list').mockImplementation(async () => [...live.values()] as WorkerInfo[]);
  const store = new ScheduleStore(engine, options);

  async function startWorker(id: string, schedules: readonly ScheduleOptions[], program = 'billing') {
    const slots = new SlotQueue(engine, new Tracing(), options);
    const planner = new SlotPlanner(slots, store, options);
    const scheduler = new Scheduler(engine, new ScheduleChecker(options), store, planner, slots);
    onTestFinished(() => scheduler.stop());
    const self = { id, program, startedAt: new Date(), host: 'host', pid: 7, version: id };
    const beat = () => live.set(id, { ...self, draining: false, schedulesBoot: scheduler.declared });
    scheduler.introduce(self, beat);
    beat();
    await scheduler.prepare([{ definition: Tick, label: 'Ticker.run', schedules }]);
    return { scheduler, goAway: () => live.delete(id) };
  }

  const names = async () => (await store.read()).schedules.map(({ spec }) => spec.name).toSorted();
  const slotOf = async (name: string, after: number) =>
    (await engine.jobs.read('default', `tick~slot-${NOON + after}-${name}`))?.state;
  return {
    engine,
    live,
    store,
    slots: new SlotQueue(engine, new Tracing(), options),
    startWorker,
    names,
    slotOf,
  };
}

/** Has each test of a file begin a minute after noon on a clock of its own, with no jitter. @returns what is logged, anew for each */
export function onSchedulerClock(): string[] {
  const told: string[] = [];
  beforeEach(() => {
    told.length = 0;
    vi.useFakeTimers({ now: NOON + 60_000 });
    // Nobody looks later than planned.
    vi.spyOn(Math, 'random').mockReturnValue(0);
    for (const level of ['log', 'warn'] as const)
      vi.spyOn(Logger.prototype, level).mockImplementation((line: string) => void told.push(line));
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });
  return told;
}
