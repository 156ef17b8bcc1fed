import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { InspectionModule } from '../inspection/inspection.module.js';
import { DeadLetterBatch } from './dead-letter.batch.js';
import { DeadLetterGroups } from './dead-letter.groups.js';
import { DeadLetterScanner } from './dead-letter.scanner.js';
import { DeadLetterService } from './dead-letter.service.js';
import { Redrives } from './redrives.js';

/** Jobs that gave up. */
@Module({
  imports: [AuditModule, InspectionModule],
  providers: [DeadLetterScanner, DeadLetterGroups, DeadLetterBatch, Redrives, DeadLetterService],
  exports: [DeadLetterBatch, DeadLetterService],
})
export class DeadLetterModule {}
