import { Module } from '@nestjs/common';
import { ObservabilityModule } from '../observability/observability.module.js';
import { HistoryService } from './history.service.js';
import { HistoryWriter } from './history.writer.js';

/** What the workers of the app did in the last days. */
@Module({
  imports: [ObservabilityModule],
  providers: [HistoryService, HistoryWriter],
  exports: [HistoryService, HistoryWriter],
})
export class HistoryModule {}
