import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { ProducerModule } from '../producer/producer.module.js';
import { TracingModule } from '../tracing/tracing.module.js';
import { ScheduleChecker } from './schedule.checker.js';
import { Scheduler } from './scheduler.js';
import { ScheduleStore } from './schedule.store.js';
import { SchedulesService } from './schedules.service.js';
import { SlotAdmission } from './slot.admission.js';
import { SlotOutcomes } from './slot.outcomes.js';
import { SlotPlanner } from './slot.planner.js';
import { SlotQueue } from './slot.queue.js';

/** Jobs that the clock enqueues. The keeper sleeps until a worker starts it. */
@Module({
  imports: [AuditModule, ProducerModule, TracingModule],
  providers: [
    ScheduleChecker,
    Scheduler,
    ScheduleStore,
    SchedulesService,
    SlotAdmission,
    SlotOutcomes,
    SlotPlanner,
    SlotQueue,
  ],
  exports: [Scheduler, ScheduleStore, SchedulesService, SlotAdmission, SlotOutcomes],
})
export class SchedulingModule {}
