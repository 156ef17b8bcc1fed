import { Injectable } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { RecentRead } from '../engine/recent-read.js';
import { QueueEngine } from '../engine/queue.engine.js';
import { SchedulesService } from '../scheduling/schedules.service.js';
import { MetricRegistry } from './metric.registry.js';

const MOST = 200;

/** The schedules of the app, as of the last second; the same in every process. */
@Injectable()
export class ScheduleMetrics {
  private readonly count: Gauge;
  private readonly lastRun: Gauge;
  private readonly nextRun: Gauge;
  private readonly lastSuccess: Gauge;
  private readonly lastMissed: Gauge;
  private readonly late: Gauge;
  private readonly recent: RecentRead<Awaited<ReturnType<SchedulesService['list']>>>;

  constructor({ registry }: MetricRegistry, engine: QueueEngine, schedules: SchedulesService) {
    const gauge = (name: string, help: string, label: string) =>
      new Gauge({ name: `scalr_queue_${name}`, help, labelNames: ['scope', label], registers: [registry] });
    this.count = gauge('schedules', 'Schedules of the app, by state.', 'state');
    this.lastRun = gauge('schedule_last_run_timestamp_seconds', 'When a job of it last started.', 'schedule');
    this.nextRun = gauge('schedule_next_run_timestamp_seconds', 'Its next slot.', 'schedule');
    this.lastSuccess = gauge(
      'schedule_last_success_timestamp_seconds',
      'When a job of it last succeeded.',
      'schedule',
    );
    this.lastMissed = gauge(
      'schedule_last_missed_timestamp_seconds',
      'Its latest slot that was missed and did not run.',
      'schedule',
    );
    this.late = gauge('schedule_late_seconds', 'Age of a slot that is due and not started.', 'schedule');
    this.recent = new RecentRead(engine, () => schedules.list());
  }

  async refresh(): Promise<void> {
    const schedules = await this.recent.get();
    const gauges = [this.count, this.lastRun, this.nextRun, this.lastSuccess, this.lastMissed, this.late];
    for (const gauge of gauges) gauge.reset();
    if (!schedules) return;
    const scope = 'global';
    const paused = schedules.filter((schedule) => schedule.paused).length;
    this.count.set({ scope, state: 'paused' }, paused);
    this.count.set({ scope, state: 'active' }, schedules.length - paused);
    for (const { name, lateSince, ...times } of schedules.slice(0, MOST)) {
      const labels = { scope, schedule: name };
      const show = (gauge: Gauge, at?: Date) => at && gauge.set(labels, at.getTime() / 1_000);
      show(this.nextRun, times.nextRunAt);
      show(this.lastRun, times.lastRunAt);
      show(this.lastSuccess, times.lastSuccessAt);
      show(this.lastMissed, times.lastMissedAt);
      this.late.set(labels, lateSince ? (Date.now() - lateSince.getTime()) / 1_000 : 0);
    }
  }
}
