import { Controller, Get, Header, UseGuards } from '@nestjs/common';
import { HealthCheck, HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { MetricsTokenGuard, ScalrQueueHealthIndicator } from 'scalr-queue';

/** The health endpoints of the web process; `runWorker` brings those of the worker. */
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

  /** The whole report: names and depths of queues are for operators, this port is published. */
  @Get()
  @UseGuards(MetricsTokenGuard)
  @HealthCheck()
  report(): Promise<HealthCheckResult> {
    return this.health.check([() => this.queue.isHealthy('redis'), () => this.queue.queues('queues')]);
  }
}
