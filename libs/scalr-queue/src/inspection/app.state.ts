import { Injectable } from '@nestjs/common';
import type { UnhandledJob } from '../contract/queue-info.js';
import { JobCatalog } from '../engine/redis/job.catalog.js';
import { QueueRegistry } from '../engine/redis/queue.registry.js';
import { RecentRead } from '../engine/redis/connection/recent-read.js';
import { RedisConnections } from '../engine/redis/connection/redis.connections.js';
import { WorkerRegistry } from '../engine/redis/worker.registry.js';
import { takes, type WorkerInfo } from '../contract/worker-info.js';
import { type QueueState } from '../engine/redis/queue-states.js';
import { QueueReader } from '../engine/redis/queue.reader.js';

/** All queues and workers of the app at one moment. */
export interface AppSnapshot {
  readonly queues: readonly QueueState[];
  readonly workers: readonly WorkerInfo[];
  /** Jobs that are next in their queue and that no live worker takes. */
  readonly unhandled: readonly UnhandledJob[];
}

/** Reads the state of the whole app: for callers that wait for the truth, and for probes that ask all the time. */
@Injectable()
export class AppState {
  private readonly cached: RecentRead<AppSnapshot>;

  constructor(
    private readonly reader: QueueReader,
    private readonly workers: WorkerRegistry,
    private readonly catalog: JobCatalog,
    private readonly registry: QueueRegistry,
    connections: RedisConnections,
  ) {
    this.cached = new RecentRead(connections, () => this.read());
  }

  /** Workers that died without a goodbye within a day, latest first. */
  lostWorkers(): Promise<WorkerInfo[]> {
    return this.workers.lost();
  }

  /** As it stands now. */
  async read(): Promise<AppSnapshot> {
    const [entries, workers] = await Promise.all([this.catalog.entries(), this.workers.list()]);
    const names = new Set([
      ...this.registry.names(),
      ...entries.map(({ queue }) => queue),
      ...workers.flatMap(({ queues }) => queues),
    ]);
    const queues = await this.reader.states([...names].toSorted());
    const unhandled = unhandledOf(queues, workers);
    return { queues, workers, unhandled: await this.workers.withLastHandler(unhandled) };
  }

  /** As it stood at most a second ago, in at most 800 ms; undefined when Redis does not tell. */
  recent(): Promise<AppSnapshot | undefined> {
    return this.cached.get();
  }

  /** Why {@link recent} told nothing the last time. */
  get failure(): Error | undefined {
    return this.cached.failure;
  }
}

/** Jobs that are next in their queue and that no live worker takes. */
export function unhandledOf(queues: readonly QueueState[], workers: readonly WorkerInfo[]): UnhandledJob[] {
  return queues.flatMap(({ name: queue, nextJobs }) =>
    nextJobs
      .filter((name) => !workers.some((worker) => takes(worker, queue, name)))
      .map((name) => ({ name, queue })),
  );
}
