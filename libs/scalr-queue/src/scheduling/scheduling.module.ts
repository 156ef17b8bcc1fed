import { Module } from '@nestjs/common';
import { ProducerModule } from '../producer/producer.module.js';
import { TracingModule } from '../tracing/tracing.module.js';
import { ScheduleChecker } from './schedule.checker.js';
import { ScheduleKeeper } from './schedule.keeper.js';
import { ScheduleStore } from './schedule.store.js';
import { SchedulesService } from './schedules.service.js';
import { SlotGate } from './slot.gate.js';
import { SlotPlanner } from './slot.planner.js';
import { SlotQueue } from './slot.queue.js';

/** Jobs that the clock enqueues. The keeper sleeps until a worker starts it. */
@Module({
  imports: [ProducerModule, TracingModule],
  providers: [
    ScheduleChecker,
    ScheduleKeeper,
    ScheduleStore,
    SchedulesService,
    SlotGate,
    SlotPlanner,
    SlotQueue,
  ],
  exports: [ScheduleKeeper, SchedulesService, SlotGate],
})
export class SchedulingModule {}
