import { Controller, Get, Header, Headers } from '@nestjs/common';
import { checkMetricsAccess } from './metrics.access.js';
import { ScalrQueueMetrics } from './scalr-queue.metrics.js';

/** `GET /metrics` of a web process. */
@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: ScalrQueueMetrics) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  get(@Headers('authorization') authorization?: string): Promise<string> {
    checkMetricsAccess(authorization);
    return this.metrics.text();
  }
}
