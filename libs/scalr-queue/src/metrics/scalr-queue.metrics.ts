import { Injectable } from '@nestjs/common';
import { METRICS_TYPE } from './content-type.js';
import { JobMetrics } from './job.metrics.js';
import { MetricRegistry } from './metric.registry.js';
import { OutboxMetrics } from './outbox.metrics.js';
import { processMetrics } from './process.metrics.js';
import { ScheduleMetrics } from './schedule.metrics.js';
import { SharedMetrics } from './shared.metrics.js';
import { StateMetrics } from './state.metrics.js';

/**
 * The metrics of this process and its app, in the text format of Prometheus. A worker serves them on its port by itself;
 * a web process does with `ScalrQueueMetricsModule`, or with a controller of its own over this.
 */
@Injectable()
export class ScalrQueueMetrics {
  /** For the `Content-Type` header. */
  readonly contentType: string = METRICS_TYPE;

  /** @internal */
  constructor(
    private readonly metrics: MetricRegistry,
    private readonly state: StateMetrics,
    private readonly schedules: ScheduleMetrics,
    private readonly outbox: OutboxMetrics,
    private readonly shared: SharedMetrics,
    // Counts from its construction on.
    _jobs: JobMetrics,
  ) {}

  /** One scrape: within a second whatever Redis does, at a cost that does not grow with the backlog. */
  async text(): Promise<string> {
    await Promise.all([
      this.state.refresh(),
      this.schedules.refresh(),
      this.outbox.refresh(),
      this.shared.refresh(),
    ]);
    return `${await this.metrics.text()}\n${await processMetrics()}`;
  }
}
