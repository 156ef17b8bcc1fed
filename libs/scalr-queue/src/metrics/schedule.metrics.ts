import { Injectable } from '@nestjs/common';
import type { Gauge } from 'prom-client';
import { RecentRead } from '../engine/recent-read.js';
import { QueueEngine } from '../engine/queue.engine.js';
import { SchedulesService } from '../scheduling/schedules.service.js';
import { type LoadedMetrics, MetricRegistry } from './metric.registry.js';

const MAX_SCHEDULES = 200;

/** The schedules of the app, as of the last second; the same in every process. */
@Injectable()
export class ScheduleMetrics {
  private gauges?: ScheduleGauges;
  private readonly recent: RecentRead<Awaited<ReturnType<SchedulesService['list']>>>;

  constructor(
    private readonly metrics: MetricRegistry,
    engine: QueueEngine,
    schedules: SchedulesService,
  ) {
    this.recent = new RecentRead(engine, () => schedules.list());
  }

  async refresh(): Promise<void> {
    const schedules = await this.recent.get();
    const loaded = await this.metrics.load();
    const gauges = (this.gauges ??= gaugesIn(loaded));
    for (const gauge of Object.values(gauges)) gauge.reset();
    if (!schedules) return;
    const scope = 'global';
    const paused = schedules.filter((schedule) => schedule.paused).length;
    gauges.count.set({ scope, state: 'paused' }, paused);
    gauges.count.set({ scope, state: 'active' }, schedules.length - paused);
    for (const { name, lateSince, ...times } of schedules.slice(0, MAX_SCHEDULES)) {
      const labels = { scope, schedule: name };
      const show = (gauge: Gauge, at?: Date) => at && gauge.set(labels, at.getTime() / 1_000);
      show(gauges.nextRun, times.nextRunAt);
      show(gauges.lastRun, times.lastRunAt);
      show(gauges.lastSuccess, times.lastSuccessAt);
      show(gauges.lastMissed, times.lastMissedAt);
      gauges.late.set(labels, lateSince ? (Date.now() - lateSince.getTime()) / 1_000 : 0);
    }
  }
}

type ScheduleGauges = ReturnType<typeof gaugesIn>;

function gaugesIn({ client, registry }: LoadedMetrics) {
  const gauge = (name: string, help: string, label: string) =>
    new client.Gauge({
      name: `scalr_queue_${name}`,
      help,
      labelNames: ['scope', label],
      registers: [registry],
    });
  return {
    count: gauge('schedules', 'Schedules of the app, by state.', 'state'),
    lastRun: gauge('schedule_last_run_timestamp_seconds', 'When a job of it last started.', 'schedule'),
    nextRun: gauge('schedule_next_run_timestamp_seconds', 'Its next slot.', 'schedule'),
    lastSuccess: gauge(
      'schedule_last_success_timestamp_seconds',
      'When a job of it last succeeded.',
      'schedule',
    ),
    lastMissed: gauge(
      'schedule_last_missed_timestamp_seconds',
      'Its latest slot that was missed and did not run.',
      'schedule',
    ),
    late: gauge('schedule_late_seconds', 'Age of a slot that is due and not started.', 'schedule'),
  };
}
