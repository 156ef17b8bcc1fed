import type { Gauge } from 'prom-client';
import type { LoadedMetrics } from './metric.registry.js';

const QUEUE_GAUGES = {
  oldest_pending_age_seconds: 'How long the oldest job that could run has been waiting.',
  paused: '1 while the queue is paused.',
  queue_workers: 'Live workers that take jobs from the queue.',
  stalls:
    'How often a job of the queue lost its worker, counted in Redis by all workers: it outlives those that die.',
  unhandled_job_kinds: 'Kinds of jobs that are next in the queue and that no live worker handles.',
} as const;

const APP_GAUGES = {
  workers: 'Live worker processes of the app.',
  queues_without_series:
    'Queues beyond the first 100, which have no series of their own: their jobs are added up as queue="~other".',
  programs: 'Programs that the live workers run: more than one is a mistake.',
  redis_memory_bytes: 'Memory that Redis uses.',
  redis_max_memory_bytes: 'Memory limit of Redis; 0 for none.',
  redis_clients: 'Connections to Redis, of all apps.',
  redis_durable: '1 when Redis keeps what it took: append-only file on and written, no eviction.',
} as const;

type Label = 'scope' | 'queue' | 'state';

/** The gauges of what the whole app shares. Its label `scope` says that each process reports the same: their sum is nonsense. */
export class StateGauges {
  private readonly gauges = new Map<string, Gauge<Label>>();

  /** When Redis answered this process in time. */
  readonly redisUp: Gauge;

  constructor({ client, registry }: LoadedMetrics) {
    const registers = [registry];
    const add = (name: string, help: string, labelNames: Label[]) =>
      this.gauges.set(name, new client.Gauge({ name: `scalr_queue_${name}`, help, labelNames, registers }));
    add('jobs', 'Jobs in a queue, by state.', ['scope', 'queue', 'state']);
    for (const [name, help] of Object.entries(QUEUE_GAUGES)) add(name, help, ['scope', 'queue']);
    for (const [name, help] of Object.entries(APP_GAUGES)) add(name, help, ['scope']);
    this.redisUp = new client.Gauge({
      name: 'scalr_queue_redis_up',
      help: '1 when this process got an answer from Redis in time.',
      registers,
    });
  }

  /** What is not known any more must not be reported. */
  clear(): void {
    for (const gauge of this.gauges.values()) gauge.reset();
  }

  jobs(queue: string, state: string, count: number): void {
    this.set('jobs', count, { queue, state });
  }

  ofQueue(queue: string, values: Record<keyof typeof QUEUE_GAUGES, number>): void {
    for (const [name, value] of Object.entries(values)) this.set(name, value, { queue });
  }

  ofApp(values: Partial<Record<keyof typeof APP_GAUGES, number>>): void {
    for (const [name, value] of Object.entries(values)) this.set(name, value);
  }

  private set(name: string, value: number, labels: Partial<Record<Label, string>> = {}): void {
    this.gauges.get(name)?.set({ scope: 'global', ...labels }, value);
  }
}
