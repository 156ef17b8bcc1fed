import { Controller, Get, Header, UseGuards } from '@nestjs/common';
import { MetricsTokenGuard } from './metrics.access.js';
import { ScalrQueueMetrics } from './scalr-queue.metrics.js';

/** `GET /metrics` of a web process. */
@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: ScalrQueueMetrics) {}

  @Get()
  @UseGuards(MetricsTokenGuard)
  @Header('Cache-Control', 'no-store')
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  get(): Promise<string> {
    return this.metrics.text();
  }
}
