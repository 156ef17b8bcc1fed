import { Module } from '@nestjs/common';
import { JobEventLog } from './job-event.log.js';
import { JobEvents } from './job-event.stream.js';

/** What happens to jobs, reported to whoever listens. */
@Module({ providers: [JobEvents, JobEventLog], exports: [JobEvents] })
export class ObservabilityModule {}
