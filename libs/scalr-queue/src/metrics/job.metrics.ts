import { Injectable } from '@nestjs/common';
import { Counter, Histogram } from 'prom-client';
import { JobCatalog } from '../connection/job.catalog.js';
import { JobEvents } from '../observability/job-event.stream.js';
import type { FinishedEvent, JobEvent } from '../observability/job-events.js';
import { BoundedLabels } from './bounded-labels.js';
import { MetricRegistry } from './metric.registry.js';

const MOST_JOBS = 200;
const MOST_QUEUES = 100;
/** Not `job`: Prometheus calls the scraped process so, and would rename ours. */
const JOB = ['queue', 'job_name'] as const;
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 3_600];

/** Counts what this process enqueues and runs. The series of all processes can be added up. */
@Injectable()
export class JobMetrics {
  private readonly jobs = new BoundedLabels(MOST_JOBS);
  private readonly queues = new BoundedLabels(MOST_QUEUES);

  constructor(
    private readonly metrics: MetricRegistry,
    private readonly catalog: JobCatalog,
    events: JobEvents,
  ) {
    this.countEnqueues(events);
    this.countRuns(events);
  }

  private countEnqueues(events: JobEvents): void {
    const enqueued = this.counter('jobs_enqueued', 'Jobs that Redis took, by what became of them.', [
      'status',
    ]);
    const failures = this.counter('enqueue_failures', 'Calls of enqueue that failed, by code of the error.', [
      'code',
    ]);
    // Who enqueues has the definition.
    events.on('enqueued', (it) =>
      enqueued.inc({ queue: this.queues.of(it.queue), job_name: this.jobs.of(it.name), status: it.status }),
    );
    events.on('enqueue-failed', ({ queue, name, code }) =>
      failures.inc({ queue: this.queues.of(queue), job_name: this.jobs.of(name), code }),
    );
  }

  private countRuns(events: JobEvents): void {
    const completed = this.counter('jobs_completed', 'Jobs that completed.');
    const failed = this.counter('jobs_failed', 'Attempts that failed, whatever followed.');
    const retried = this.counter('jobs_retried', 'Attempts that failed and are followed by another one.');
    const dead = this.counter('jobs_dead', 'Jobs that gave up, by reason.', ['reason']);
    const stalled = this.counter('jobs_stalled', 'Jobs whose worker gave no sign of life.');
    const cancelled = this.counter('jobs_cancelled', 'Jobs that were cancelled.');
    const handedBack = this.counter('jobs_handed_back', 'Jobs put back into their queue by a shutdown.');
    const postponed = this.counter('jobs_postponed', 'Runs put aside without using an attempt.');
    const wait = this.histogram('job_wait', 'From when a job could run to its first start.', []);
    const run = this.histogram('job_run', 'Run time of attempts, by outcome.', ['outcome']);
    const ran = (it: FinishedEvent, outcome: string) =>
      run.observe({ ...this.of(it), outcome }, it.runMs / 1_000);

    events.on('started', (it) => {
      if (it.waitMs !== undefined) wait.observe(this.of(it), it.waitMs / 1_000);
    });
    events.on('completed', (it) => {
      completed.inc(this.of(it));
      ran(it, 'completed');
    });
    events.on('retrying', (it) => {
      failed.inc(this.of(it));
      retried.inc(this.of(it));
      ran(it, 'failed');
    });
    events.on('dead', (it) => {
      failed.inc(this.of(it));
      dead.inc({ ...this.of(it), reason: it.reason });
      ran(it, 'failed');
    });
    events.on('stalled', (it) => stalled.inc(this.of(it)));
    events.on('cancelled', (it) => cancelled.inc(this.of(it)));
    events.on('handed-back', (it) => handedBack.inc(this.of(it)));
    events.on('postponed', (it) => postponed.inc(this.of(it)));
  }

  /** What comes out of a queue may have any name: only those of definitions are told. */
  private of({ queue, name }: JobEvent): { queue: string; job_name: string } {
    return {
      queue: this.queues.of(queue),
      job_name: this.jobs.of(name, (job) => this.catalog.knows(job)),
    };
  }

  private counter(name: string, help: string, more: readonly string[] = []): Counter {
    const registers = [this.metrics.registry];
    return new Counter({ name: `scalr_queue_${name}_total`, help, labelNames: [...JOB, ...more], registers });
  }

  private histogram(name: string, help: string, more: readonly string[]): Histogram {
    const registers = [this.metrics.registry];
    return new Histogram({
      name: `scalr_queue_${name}_seconds`,
      help,
      labelNames: [...JOB, ...more],
      buckets: BUCKETS,
      registers,
    });
  }
}
