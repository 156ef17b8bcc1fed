import { Injectable, Logger } from '@nestjs/common';
import { AppState, type AppSnapshot } from '../inspection/app.state.js';
import { countPrograms } from '../contract/worker-info.js';
import { MetricRegistry } from './metric.registry.js';
import { QueueEngine, type ServerState } from '../engine/queue.engine.js';
import { RecentRead } from '../engine/recent-read.js';
import { StateGauges } from './state.gauges.js';

const MAX_QUEUES = 100;
/** Stands for the queues beyond those. Not a name that a queue can have. */
const OTHER = '~other';
const STATES = ['waiting', 'delayed', 'running', 'dead'] as const;

/** The state of queues, workers and Redis, as of the last second. Absent while Redis does not tell it. */
@Injectable()
export class StateMetrics {
  private gauges?: StateGauges;
  private readonly logger = new Logger('ScalrQueue');
  private toldOfOthers = false;
  private readonly server: RecentRead<ServerState | undefined>;

  constructor(
    private readonly metrics: MetricRegistry,
    private readonly state: AppState,
    engine: QueueEngine,
  ) {
    this.server = new RecentRead(engine, () => engine.serverState());
  }

  /** Brings the gauges up to date, within 800 ms. */
  async refresh(): Promise<void> {
    const [snapshot, redis] = await Promise.all([this.state.recent(), this.server.get()]);
    const loaded = await this.metrics.load();
    const gauges = (this.gauges ??= new StateGauges(loaded));
    gauges.clear();
    gauges.redisUp.set(snapshot ? 1 : 0);
    if (snapshot) this.show(snapshot, gauges);
    if (!redis) return;
    gauges.ofApp({
      redis_memory_bytes: redis.memory,
      redis_max_memory_bytes: redis.maxMemory,
      redis_clients: redis.clients,
      redis_durable: redis.durable ? 1 : 0,
    });
  }

  private show({ queues, workers, unhandled }: AppSnapshot, gauges: StateGauges): void {
    const takers = workers.filter(({ draining }) => !draining);
    gauges.ofApp({ workers: workers.length, programs: countPrograms(workers) });
    // Those with work first: a backlog must never be one that nobody sees.
    const sorted = queues.toSorted(byBacklog);
    this.showOthers(sorted.slice(MAX_QUEUES), gauges);
    for (const { name, ...queue } of sorted.slice(0, MAX_QUEUES)) {
      for (const state of STATES) gauges.jobs(name, state, queue[state]);
      gauges.ofQueue(name, {
        oldest_pending_age_seconds: queue.oldestPendingAgeMs / 1_000,
        paused: queue.paused ? 1 : 0,
        queue_workers: takers.filter((worker) => worker.queues.includes(name)).length,
        stalls: queue.stalls ?? 0,
        unhandled_job_kinds: unhandled.filter((job) => job.queue === name).length,
      });
    }
  }

  private showOthers(others: AppSnapshot['queues'], gauges: StateGauges): void {
    gauges.ofApp({ queues_without_series: others.length });
    if (others.length === 0) return;
    for (const state of STATES)
      gauges.jobs(
        OTHER,
        state,
        others.reduce((sum, queue) => sum + queue[state], 0),
      );
    if (this.toldOfOthers) return;
    this.toldOfOthers = true;
    this.logger.warn(
      `The app has more than ${MAX_QUEUES} queues: the metrics show those with the largest backlog, and add the other ${others.length} up as queue="${OTHER}"`,
    );
  }
}

type Depth = AppSnapshot['queues'][number];
const pendingOf = ({ waiting, delayed, running }: Depth): number => waiting + delayed + running;
const byBacklog = (one: Depth, other: Depth): number =>
  pendingOf(other) - pendingOf(one) || other.dead - one.dead;
