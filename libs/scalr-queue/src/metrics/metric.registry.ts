import { Inject, Injectable } from '@nestjs/common';
import type { CounterConfiguration, HistogramConfiguration, Registry } from 'prom-client';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';

type PromClient = typeof import('prom-client');

/** What is counted before prom-client is loaded; then it is, whether somebody reads the metrics or not. */
const MOST_WAITING = 1_000;

/** The package that keeps metrics, and those of the app. */
export interface LoadedMetrics {
  readonly client: PromClient;
  readonly registry: Registry;
}

type Labels = Readonly<Record<string, string | number>>;

/** A counter of prom-client, or one that will be. */
export interface MetricCounter {
  inc(labels: Labels): void;
}

/** A histogram of prom-client, or one that will be. */
export interface MetricHistogram {
  observe(labels: Labels, value: number): void;
}

/**
 * Where the metrics of the app in this process are kept; not the global registry, which is the app's own. prom-client is loaded
 * for the first who reads them: with what it loads itself it costs every boot otherwise.
 */
@Injectable()
export class MetricRegistry {
  private readonly app: string;
  private loading?: Promise<LoadedMetrics>;
  private loaded?: LoadedMetrics;
  /** In their order: metrics to make, and what was counted. */
  private waiting: ((metrics: LoadedMetrics) => void)[] = [];
  private counted = 0;

  constructor(@Inject(RESOLVED_OPTIONS) { app }: ResolvedOptions) {
    this.app = app;
  }

  counter(configuration: CounterConfiguration<string>): MetricCounter {
    // Added up, as nothing can be loaded within one long turn: a burst of calls would be held in memory one by one.
    const early = new Map<string, { readonly labels: Labels; times: number }>();
    const counter = this.made(({ client, registry }) => {
      const made = new client.Counter({ ...configuration, registers: [registry] });
      for (const { labels, times } of early.values()) made.inc(labels, times);
      early.clear();
      return made;
    });
    const countEarly = (labels: Labels) => {
      const key = JSON.stringify(labels);
      const known = early.get(key);
      if (known) known.times++;
      else early.set(key, { labels, times: 1 });
    };
    return {
      inc: (labels) => {
        this.loadSoon();
        if (this.loaded) counter().inc(labels);
        else countEarly(labels);
      },
    };
  }

  histogram(configuration: HistogramConfiguration<string>): MetricHistogram {
    const histogram = this.made(({ client, registry }) => {
      return new client.Histogram({ ...configuration, registers: [registry] });
    });
    return {
      observe: (labels, value) => {
        this.loadSoon();
        this.whenLoaded(() => histogram().observe(labels, value));
      },
    };
  }

  /** For metrics that are told only when they are read. */
  load(): Promise<LoadedMetrics> {
    this.loading ??= this.fetch().catch((error: unknown) => {
      // The next who asks tries again.
      this.loading = undefined;
      throw error;
    });
    return this.loading;
  }

  /** All of them, in the text format of Prometheus. */
  async text(): Promise<string> {
    const { registry } = await this.load();
    return registry.metrics();
  }

  private async fetch(): Promise<LoadedMetrics> {
    const client = await import('prom-client');
    const registry = new client.Registry();
    registry.setDefaultLabels({ app: this.app });
    const loaded = { client, registry };
    for (const act of this.waiting) act(loaded);
    this.waiting = [];
    return (this.loaded = loaded);
  }

  private made<T>(make: (metrics: LoadedMetrics) => T): () => T {
    let metric: T | undefined;
    this.whenLoaded((metrics) => (metric = make(metrics)));
    return () => metric as T;
  }

  private loadSoon(): void {
    if (this.loaded || ++this.counted % MOST_WAITING !== 0) return;
    // Whoever reads the metrics hears of it.
    this.load().catch(() => undefined);
  }

  private whenLoaded(act: (metrics: LoadedMetrics) => void): void {
    if (this.loaded) act(this.loaded);
    else this.waiting.push(act);
  }
}
