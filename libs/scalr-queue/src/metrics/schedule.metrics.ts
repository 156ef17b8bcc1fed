import { Injectable } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { RecentRead } from '../connection/recent-read.js';
import { RedisConnections } from '../connection/redis.connections.js';
import { SchedulesService } from '../scheduling/schedules.service.js';
import { MetricRegistry } from './metric.registry.js';

const MOST = 200;

/** The schedules of the app, as of the last second; the same in every process. */
@Injectable()
export class ScheduleMetrics {
  private readonly count: Gauge;
  private readonly lastRun: Gauge;
  private readonly nextRun: Gauge;
  private readonly recent: RecentRead<Awaited<ReturnType<SchedulesService['list']>>>;

  constructor({ registry }: MetricRegistry, connections: RedisConnections, schedules: SchedulesService) {
    const gauge = (name: string, help: string, label: string) =>
      new Gauge({ name: `scalr_queue_${name}`, help, labelNames: ['scope', label], registers: [registry] });
    this.count = gauge('schedules', 'Schedules of the app, by state.', 'state');
    this.lastRun = gauge('schedule_last_run_timestamp_seconds', 'When a job of it last started.', 'schedule');
    this.nextRun = gauge('schedule_next_run_timestamp_seconds', 'Its next slot.', 'schedule');
    this.recent = new RecentRead(connections, () => schedules.list());
  }

  async refresh(): Promise<void> {
    const schedules = await this.recent.get();
    for (const gauge of [this.count, this.lastRun, this.nextRun]) gauge.reset();
    if (!schedules) return;
    const scope = 'global';
    const paused = schedules.filter((schedule) => schedule.paused).length;
    this.count.set({ scope, state: 'paused' }, paused);
    this.count.set({ scope, state: 'active' }, schedules.length - paused);
    for (const { name, lastRunAt, nextRunAt } of schedules.slice(0, MOST)) {
      this.nextRun.set({ scope, schedule: name }, nextRunAt.getTime() / 1_000);
      if (lastRunAt) this.lastRun.set({ scope, schedule: name }, lastRunAt.getTime() / 1_000);
    }
  }
}
