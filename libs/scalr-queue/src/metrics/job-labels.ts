import { BoundedLabels } from './bounded-labels.js';

const MAX_JOBS = 200;
const MAX_QUEUES = 100;

/** The labels of one job of one queue, made once: some are asked for with every job that runs. */
export class SeriesLabels {
  readonly job: { readonly queue: string; readonly job_name: string };
  private readonly more = new Map<string, Map<string, Readonly<Record<string, string>>>>();

  constructor(queue: string, name: string) {
    this.job = { queue, job_name: name };
  }

  /** With one label more; only for those with few values. */
  with(label: string, value: string): Readonly<Record<string, string>> {
    let values = this.more.get(label);
    if (!values) this.more.set(label, (values = new Map()));
    let labels = values.get(value);
    if (!labels) values.set(value, (labels = { ...this.job, [label]: value }));
    return labels;
  }
}

/** Labels by queue and job, with no more values than Prometheus can take. */
export class JobLabels {
  private readonly jobs = new BoundedLabels(MAX_JOBS);
  private readonly queues = new BoundedLabels(MAX_QUEUES);
  private readonly made = new Map<string, Map<string, SeriesLabels>>();

  constructor(private readonly isDefined: (job: string) => boolean) {}

  /** What comes out of a queue may have any name: only those of definitions are told. */
  of({ queue, name }: { readonly queue: string; readonly name: string }): SeriesLabels {
    return this.labels(this.queues.of(queue), this.jobs.of(name, this.isDefined));
  }

  /** Of a job whose definition this process has in hand. */
  ofDefined({ queue, name }: { readonly queue?: string; readonly name?: string }): SeriesLabels {
    return this.labels(this.queues.of(queue), this.jobs.of(name));
  }

  private labels(queue: string, name: string): SeriesLabels {
    let ofQueue = this.made.get(queue);
    if (!ofQueue) this.made.set(queue, (ofQueue = new Map()));
    let labels = ofQueue.get(name);
    if (!labels) ofQueue.set(name, (labels = new SeriesLabels(queue, name)));
    return labels;
  }
}
