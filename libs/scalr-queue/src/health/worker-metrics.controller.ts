import { Controller, Get, Header, Headers } from '@nestjs/common';
import { checkMetricsAccess } from '../metrics/metrics.access.js';
import { processMetrics } from '../metrics/process.metrics.js';
import { WorkerState } from './worker.state.js';

/** `GET /metrics` of a worker process; those of the process alone until the worker has booted. */
@Controller('metrics')
export class WorkerMetricsController {
  constructor(private readonly state: WorkerState) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  get(@Headers('authorization') authorization?: string): Promise<string> {
    checkMetricsAccess(authorization);
    return this.state.worker?.report.metrics.text() ?? processMetrics();
  }
}
