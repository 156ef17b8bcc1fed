import { Module } from '@nestjs/common';
import { ReportProcessor } from './report.processor.js';

/** Reports in the worker process. */
@Module({ providers: [ReportProcessor] })
export class ReportsWorkerModule {}
