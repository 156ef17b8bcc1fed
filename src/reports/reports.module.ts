import { Module } from '@nestjs/common';
import { ReportsController } from './reports.controller.js';

/** Reports in the web process. */
@Module({ controllers: [ReportsController] })
export class ReportsModule {}
