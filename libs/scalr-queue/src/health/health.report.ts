import { Injectable } from '@nestjs/common';
import { QueueEngine } from '../engine/queue.engine.js';
import { AppState } from '../inspection/app.state.js';
import type { QueueDepth } from '../contract/queue-info.js';
import { ScalrQueueMetrics } from '../metrics/scalr-queue.metrics.js';

/** The queues as health checks show them. */
export interface QueuesReport {
  readonly queues: readonly QueueDepth[];
  /** What is wrong though the queues work, such as `no live worker handles invoice.send`. */
  readonly warnings?: readonly string[];
}

/** Warnings shown at most; the others are counted. */
const MAX_WARNINGS = 10;

/** What health checks ask: each answer comes within 800 ms and is asked of Redis at most once a second. */
@Injectable()
export class HealthReport {
  constructor(
    private readonly engine: QueueEngine,
    private readonly state: AppState,
    readonly metrics: ScalrQueueMetrics,
  ) {}

  /** Whether the preflight lets the process become ready. */
  get fit(): boolean {
    return this.engine.fit;
  }

  redisAnswers(): Promise<boolean> {
    return this.engine.answers();
  }

  /**
   * Depth and age of the queues; undefined when Redis does not answer.
   * @param names the queues to show, besides those with jobs that no live worker handles; all those of the app by default
   */
  async queues(names?: readonly string[]): Promise<QueuesReport | undefined> {
    const snapshot = await this.state.recent();
    if (!snapshot) return undefined;
    // A queue whose only handler left with a deploy is on no worker's list.
    const inVain = new Set(snapshot.unhandled.map(({ queue }) => queue));
    const isShown = (queue: string) => names === undefined || names.includes(queue) || inVain.has(queue);
    // No hosts, and no versions, in an answer that anybody may ask for.
    const warnings = snapshot.unhandled.map(({ name }) => `no live worker handles ${name}`);
    const more = warnings.length - MAX_WARNINGS;
    return {
      queues: snapshot.queues
        .filter(({ name }) => isShown(name))
        .map(({ nextJobs: _nextJobs, nextDueAt: _nextDueAt, ...depth }) => depth),
      ...(warnings.length > 0
        ? { warnings: more > 0 ? [...warnings.slice(0, MAX_WARNINGS), `and ${more} more`] : warnings }
        : {}),
    };
  }
}
