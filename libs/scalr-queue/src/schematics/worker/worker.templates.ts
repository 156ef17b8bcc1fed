/** What the files of the worker are written from. */
export interface WorkerTemplate {
  /** Name of the app on the shared Redis. */
  readonly app: string;
  readonly isEsm: boolean;
}

const extension = ({ isEsm }: WorkerTemplate) => (isEsm ? '.js' : '');

/** src/queue.options.ts */
export function queueOptions({ app }: WorkerTemplate): string {
  return `import type { ScalrQueueOptions } from 'scalr-queue';

/** What the web and the worker process must agree on. */
export const queueOptions: ScalrQueueOptions = {
  app: process.env.SCALR_APP || '${app}',
  // Without a setting: a Redis on the machine of the developer.
  redis: process.env.SCALR_REDIS_URL || 'redis://localhost:6379/0',
};
`;
}

/** src/worker.module.ts */
export function workerModule(template: WorkerTemplate): string {
  return `import { Module } from '@nestjs/common';
import { ScalrQueueModule } from 'scalr-queue';
import { queueOptions } from './queue.options${extension(template)}';

/** The worker process: the modules with handlers, and what these need. */
@Module({
  imports: [ScalrQueueModule.forRoot(queueOptions)],
})
export class WorkerModule {}
`;
}

/** src/main.worker.ts */
export function mainWorker(template: WorkerTemplate): string {
  return `import { runWorker } from 'scalr-queue/worker';
import { WorkerModule } from './worker.module${extension(template)}';

${template.isEsm ? 'await' : 'void'} runWorker(WorkerModule);
`;
}

/** src/health/health.module.ts */
export function healthModule(template: WorkerTemplate): string {
  return `import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { HealthController } from './health.controller${extension(template)}';

@Module({
  imports: [TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController],
})
export class HealthModule {}
`;
}

/** src/health/health.controller.ts */
export function healthController(): string {
  return `import { Controller, Get, Header } from '@nestjs/common';
import {
  HealthCheck,
  HealthCheckService,
  type HealthCheckResult,
} from '@nestjs/terminus';
import { ScalrQueueHealthIndicator } from 'scalr-queue';

/** The health of the web process; \`runWorker\` brings that of the worker. */
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly queue: ScalrQueueHealthIndicator,
  ) {}

  /** The process is up; says nothing of Redis, for a restart would not mend it. */
  @Get(['live', 'startup'])
  @Header('Cache-Control', 'no-store')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** Jobs can be enqueued at this moment. */
  @Get('ready')
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.health.check([() => this.queue.isHealthy('redis')]);
  }

  /** The whole report. */
  @Get()
  @HealthCheck()
  report(): Promise<HealthCheckResult> {
    return this.health.check([
      () => this.queue.isHealthy('redis'),
      () => this.queue.queues('queues'),
    ]);
  }
}
`;
}
