import { Injectable } from '@nestjs/common';
import { QueueEngine } from '../engine/queue.engine.js';
import { JobEvents } from '../observability/job-event.stream.js';
import type { FinishedEvent, JobEvent } from '../observability/job-events.js';
import { JobLabels } from './job-labels.js';
import { type MetricCounter, type MetricHistogram, MetricRegistry } from './metric.registry.js';

/** Not `job`: Prometheus calls the scraped process so, and would rename ours. */
const JOB = ['queue', 'job_name'] as const;
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 3_600];

/** Counts what this process enqueues and runs. The series of all processes can be added up. */
@Injectable()
export class JobMetrics {
  private readonly labels: JobLabels;

  constructor(
    private readonly metrics: MetricRegistry,
    { types }: QueueEngine,
    events: JobEvents,
  ) {
    this.labels = new JobLabels((job) => types.knows(job));
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
    events.on('enqueued', (it) => enqueued.inc(this.labels.ofDefined(it).with('status', it.status)));
    events.on('enqueue-failed', (it) => failures.inc({ ...this.labels.ofDefined(it).job, code: it.code }));
  }

  private countRuns(events: JobEvents): void {
    const completed = this.counter('jobs_completed', 'Jobs that completed.');
    const failed = this.counter('jobs_failed', 'Failed attempts, retried or not.');
    const retried = this.counter('jobs_retried', 'Attempts that failed and are followed by another one.');
    const dead = this.counter('jobs_dead', 'Jobs that gave up, by reason.', ['reason']);
    const stalled = this.counter('jobs_stalled', 'Jobs whose worker gave no sign of life.');
    const unlocked = this.counter('locks_lost', 'Runs whose lock was lost: the job may run twice.');
    const blocked = this.counter(
      'worker_blocked',
      'Times that a handler blocked the event loop for longer than locks live.',
    );
    const unknown = this.counter(
      'effects_unknown',
      'Effects of ctx.once whose outcome was not known, by what was done: run, dead or known.',
      ['outcome'],
    );
    const missing = this.counter(
      'jobs_missing',
      'Jobs whose data was gone from Redis when they were to run.',
    );
    const cancelled = this.counter('jobs_cancelled', 'Jobs that were cancelled.');
    const missed = this.counter('jobs_missed', 'Jobs of slots that came too late and did not run.');
    const skipped = this.counter('jobs_skipped', 'Jobs of slots that did not run, by another reason.', [
      'reason',
    ]);
    const handedBack = this.counter('jobs_handed_back', 'Jobs put back into their queue by a shutdown.');
    const postponed = this.counter('jobs_postponed', 'Runs put aside without using an attempt.');
    const wait = this.histogram('job_wait', 'From when a job could run to its first start.', []);
    const run = this.histogram('job_run', 'Run time of attempts, by outcome.', ['outcome']);
    const count = (counter: MetricCounter) => (it: JobEvent) => counter.inc(this.labels.of(it).job);
    const failure = (it: FinishedEvent) => {
      const labels = this.labels.of(it);
      failed.inc(labels.job);
      run.observe(labels.with('outcome', 'failed'), it.runMs / 1_000);
    };

    events.on('started', (it) => {
      if (it.waitMs !== undefined) wait.observe(this.labels.of(it).job, it.waitMs / 1_000);
    });
    events.on('completed', (it) => {
      const labels = this.labels.of(it);
      completed.inc(labels.job);
      run.observe(labels.with('outcome', 'completed'), it.runMs / 1_000);
    });
    events.on('retrying', (it) => {
      failure(it);
      retried.inc(this.labels.of(it).job);
    });
    events.on('dead', (it) => {
      failure(it);
      dead.inc(this.labels.of(it).with('reason', it.reason));
    });
    events.on('stalled', count(stalled));
    events.on('effect-unknown', (it) => unknown.inc(this.labels.of(it).with('outcome', it.outcome)));
    events.on('lock-lost', count(unlocked));
    events.on('blocked', count(blocked));
    events.on('data-missing', count(missing));
    events.on('cancelled', count(cancelled));
    events.on('missed', count(missed));
    events.on('skipped', (it) => skipped.inc(this.labels.of(it).with('reason', it.reason)));
    events.on('handed-back', count(handedBack));
    events.on('postponed', count(postponed));
  }

  private counter(name: string, help: string, more: readonly string[] = []): MetricCounter {
    return this.metrics.counter({
      name: `scalr_queue_${name}_total`,
      help,
      labelNames: [...JOB, ...more],
    });
  }

  private histogram(name: string, help: string, more: readonly string[]): MetricHistogram {
    return this.metrics.histogram({
      name: `scalr_queue_${name}_seconds`,
      help,
      labelNames: [...JOB, ...more],
      buckets: BUCKETS,
    });
  }
}
