import { Injectable } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { AppState, type AppSnapshot } from '../inspection/app.state.js';
import { countPrograms } from '../jobs/worker-info.js';
import { MetricRegistry } from './metric.registry.js';
import { RedisStateReader } from './redis-state.reader.js';
import { StateGauges } from './state.gauges.js';

const MOST_QUEUES = 100;

/** The state of queues, workers and Redis, as of the last second. Absent while Redis does not tell it. */
@Injectable()
export class StateMetrics {
  private readonly gauges: StateGauges;
  private readonly redisUp: Gauge;

  constructor(
    { registry }: MetricRegistry,
    private readonly state: AppState,
    private readonly redis: RedisStateReader,
  ) {
    this.gauges = new StateGauges(registry);
    this.redisUp = new Gauge({
      name: 'scalr_queue_redis_up',
      help: '1 when this process got an answer from Redis in time.',
      registers: [registry],
    });
  }

  /** Brings the gauges up to date, within 800 ms. */
  async refresh(): Promise<void> {
    const [snapshot, redis] = await Promise.all([this.state.recent(), this.redis.recent()]);
    this.gauges.clear();
    this.redisUp.set(snapshot ? 1 : 0);
    if (snapshot) this.show(snapshot);
    if (!redis) return;
    this.gauges.ofApp({
      redis_memory_bytes: redis.memory,
      redis_max_memory_bytes: redis.maxMemory,
      redis_clients: redis.clients,
      redis_durable: redis.durable ? 1 : 0,
    });
  }

  private show({ queues, workers, unhandled }: AppSnapshot): void {
    const takers = workers.filter(({ draining }) => !draining);
    this.gauges.ofApp({ workers: workers.length, programs: countPrograms(workers) });
    for (const { name, ...queue } of queues.slice(0, MOST_QUEUES)) {
      for (const state of ['waiting', 'delayed', 'running', 'dead'] as const)
        this.gauges.jobs(name, state, queue[state]);
      this.gauges.ofQueue(name, {
        oldest_pending_age_seconds: queue.oldestPendingAgeMs / 1_000,
        paused: queue.paused ? 1 : 0,
        queue_workers: takers.filter((worker) => worker.queues.includes(name)).length,
        unhandled_job_kinds: unhandled.filter((job) => job.queue === name).length,
      });
    }
  }
}
