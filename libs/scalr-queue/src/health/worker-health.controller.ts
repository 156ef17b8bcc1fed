import { Controller, Get, Header, ServiceUnavailableException } from '@nestjs/common';
import {
  HealthCheck,
  HealthCheckService,
  HealthIndicatorService,
  type HealthCheckResult,
} from '@nestjs/terminus';
import { WorkerState } from './worker.state.js';

/** The health endpoints of a worker process. */
@Controller('health')
export class WorkerHealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly state: WorkerState,
  ) {}

  /** The process is up; says nothing of Redis, for a restart would not mend it. */
  @Get('live')
  @Header('Cache-Control', 'no-store')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** Booted, whatever became of it since. */
  @Get('startup')
  @Header('Cache-Control', 'no-store')
  startup(): { status: 'ok' } {
    if (this.state.phase === 'starting') throw new ServiceUnavailableException({ status: 'starting' });
    return { status: 'ok' };
  }

  /** Takes jobs at this moment. */
  @Get('ready')
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.health.check([() => this.redis(), () => this.worker()]);
  }

  /** The whole report. */
  @Get()
  @HealthCheck()
  report(): Promise<HealthCheckResult> {
    return this.health.check([() => this.redis(), () => this.queues(), () => this.worker()]);
  }

  private async redis() {
    const indicator = this.indicators.check('redis');
    return (await this.state.worker?.report.redisAnswers()) ? indicator.up() : indicator.down();
  }

  private async queues() {
    const indicator = this.indicators.check('queues');
    const { worker } = this.state;
    const report = await worker?.report.queues(worker.queues());
    return report ? indicator.up({ ...report }) : indicator.down();
  }

  private worker() {
    const { phase, worker } = this.state;
    const indicator = this.indicators.check('worker');
    const data = { phase, draining: phase === 'draining', running: worker?.running() ?? 0 };
    return phase === 'running' && worker?.accepting() && worker.report.fit
      ? indicator.up(data)
      : indicator.down(data);
  }
}
