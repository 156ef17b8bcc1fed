import { Module } from '@nestjs/common';
import { InspectionModule } from '../inspection/inspection.module.js';
import { DeadLetterActions } from './dead-letter.actions.js';
import { DeadLetterScanner } from './dead-letter.scanner.js';
import { DeadLetterService } from './dead-letter.service.js';
import { DeadLetterSweep } from './dead-letter.sweep.js';

/** Jobs that gave up. */
@Module({
  imports: [InspectionModule],
  providers: [DeadLetterScanner, DeadLetterActions, DeadLetterSweep, DeadLetterService],
  exports: [DeadLetterActions, DeadLetterService],
})
export class DeadLetterModule {}
