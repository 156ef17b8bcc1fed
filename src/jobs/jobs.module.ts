import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { QueueErrorFilter } from 'scalr-queue';
import { JobsController } from './jobs.controller.js';

/** Looking at jobs over HTTP, and the errors of the queue as HTTP answers, for all controllers. */
@Module({
  controllers: [JobsController],
  providers: [{ provide: APP_FILTER, useClass: QueueErrorFilter }],
})
export class JobsModule {}
