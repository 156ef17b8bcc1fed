import { Injectable } from '@nestjs/common';
import type { LimitState, LockState } from '../engine/shared.engine.js';
import { QueueEngine } from '../engine/queue.engine.js';
import { RecentRead } from '../engine/recent-read.js';
import { SharedCounts } from '../shared/shared.counts.js';
import { SharedRedis } from '../shared/shared.redis.js';
import { BoundedLabels } from './bounded-labels.js';
import { type LoadedMetrics, MetricRegistry } from './metric.registry.js';

/** Limiters, and locks, that have series of their own. */
const MOST = 100;

interface Shared {
  readonly limits: readonly LimitState[];
  readonly locks: readonly LockState[];
}

/**
 * Limiters and locks: what this process asked of them, and how they stand, as of the last second. A process that uses neither reads nothing.
 */
@Injectable()
export class SharedMetrics {
  private gauges?: ReturnType<typeof gaugesIn>;
  private readonly recent: RecentRead<Shared>;
  private readonly names = { limiter: new BoundedLabels(MOST), lock: new BoundedLabels(MOST) };

  constructor(
    private readonly metrics: MetricRegistry,
    engine: QueueEngine,
    shared: SharedRedis,
    private readonly counts: SharedCounts,
  ) {
    this.recent = new RecentRead(engine, async () => {
      const [limits, locks] = await Promise.all([shared.limits(), shared.locks()]);
      return { limits, locks };
    });
    const counters = {
      limiter: metrics.counter({
        name: 'scalr_queue_limiter_calls_total',
        help: 'Calls of limiters, by what became of them.',
        labelNames: ['limiter', 'outcome'],
      }),
      lock: metrics.counter({
        name: 'scalr_queue_lock_calls_total',
        help: 'Calls of locks, by what became of them.',
        labelNames: ['lock', 'outcome'],
      }),
    };
    counts.listen((kind, name, outcome) =>
      counters[kind].inc({ [kind]: this.names[kind].of(name), outcome }),
    );
  }

  async refresh(): Promise<void> {
    const shared = this.counts.used ? await this.recent.get() : undefined;
    const gauges = (this.gauges ??= gaugesIn(await this.metrics.load()));
    for (const gauge of Object.values(gauges)) gauge.reset();
    if (!shared) return;
    const scope = 'global';
    for (const { name: limiter, key, left, waiting } of shared.limits.slice(0, MOST)) {
      // Keys are the app's own, such as tenants: they are no label.
      if (key === '') gauges.left.set({ scope, limiter }, left);
      gauges.waiting.inc({ scope, limiter }, waiting);
    }
    for (const { name: lock, heldFor, waiters } of shared.locks.slice(0, MOST)) {
      gauges.held.set({ scope, lock }, heldFor / 1_000);
      gauges.lockWaiting.set({ scope, lock }, waiters.length);
    }
  }
}

function gaugesIn({ client, registry }: LoadedMetrics) {
  const gauge = (name: string, help: string, label: string) =>
    new client.Gauge({
      name: `scalr_queue_${name}`,
      help,
      labelNames: ['scope', label],
      registers: [registry],
    });
  return {
    left: gauge('limiter_left', 'What a limiter may still grant, of calls without a key.', 'limiter'),
    waiting: gauge(
      'limiter_waiting',
      'Jobs and processes that wait for a limiter, of all its keys.',
      'limiter',
    ),
    held: gauge('lock_held_seconds', 'How long a lock, or the office of a leader, has been held.', 'lock'),
    lockWaiting: gauge('lock_waiting', 'Processes that wait for a lock.', 'lock'),
  };
}
