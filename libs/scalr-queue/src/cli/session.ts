import 'reflect-metadata';
import type { INestApplicationContext, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { QueueEngine } from '../engine/queue.engine.js';
import { DeadLetterService } from '../dead-letter/dead-letter.service.js';
import { JobsService } from '../inspection/jobs.service.js';
import { QueuesService } from '../inspection/queues.service.js';
import { ScalrQueueModule } from '../scalr-queue.module.js';
import { SchedulesService } from '../scheduling/schedules.service.js';
import { withCa } from '../config/certificate-file.js';
import type { GlobalFlags } from './cli.js';

/** A Nest application context of nothing but the queue, without a log. */
export class Session {
  constructor(readonly context: INestApplicationContext) {}

  get jobs(): JobsService {
    return this.get(JobsService);
  }

  get queues(): QueuesService {
    return this.get(QueuesService);
  }

  get deadLetters(): DeadLetterService {
    return this.get(DeadLetterService);
  }

  get schedules(): SchedulesService {
    return this.get(SchedulesService);
  }

  get engine(): QueueEngine {
    return this.context.get<QueueEngine>(QueueEngine, { strict: false });
  }

  /** Entries in Redis that could not be read, one line each. */
  get damaged(): readonly string[] {
    return this.engine.damaged;
  }

  /** Any provider of the library. */
  get<T>(type: Type<T>): T {
    return this.context.get(type, { strict: false });
  }

  /** Cuts the connections; takes no longer when Redis hangs. */
  async close(): Promise<void> {
    await this.context.close();
  }
}

/**
 * @throws QueueConfigError when the flags or the environment say too little, or something wrong
 */
export async function openSession({ app, redis: url, ca }: GlobalFlags): Promise<Session> {
  const redis = withCa(url, ca);
  const module = ScalrQueueModule.forRoot({
    ...(app === undefined ? {} : { app }),
    ...(redis === undefined ? {} : { redis }),
  });
  const context = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
  return new Session(context);
}
