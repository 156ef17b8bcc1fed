import { Module } from '@nestjs/common';
import { ObservabilityModule } from '../observability/observability.module.js';
import { ProducerModule } from '../producer/producer.module.js';
import { OutboxParticipant } from './outbox.participant.js';

/** What a process does for the outbox of its app. Without one it does nothing. */
@Module({
  imports: [ObservabilityModule, ProducerModule],
  providers: [OutboxParticipant],
  exports: [OutboxParticipant],
})
export class DurabilityModule {}
