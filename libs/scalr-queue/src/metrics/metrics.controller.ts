import { Controller, Get, Header, UseGuards } from '@nestjs/common';
import { METRICS_TYPE } from './content-type.js';
import { MetricsTokenGuard } from './metrics.access.js';
import { ScalrQueueMetrics } from './scalr-queue.metrics.js';

/** `GET /metrics` of a web process. */
@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: ScalrQueueMetrics) {}

  @Get()
  @UseGuards(MetricsTokenGuard)
  @Header('Cache-Control', 'no-store')
  @Header('Content-Type', METRICS_TYPE)
  get(): Promise<string> {
    return this.metrics.text();
  }
}
