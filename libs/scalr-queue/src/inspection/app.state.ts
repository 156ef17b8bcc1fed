import { Injectable } from '@nestjs/common';
import type { UnhandledJob } from '../contract/queue-info.js';
import { QueueEngine } from '../engine/queue.engine.js';
import { RecentRead } from '../engine/recent-read.js';
import type { DeployedVersion, GoneWorker, WorkerInfo } from '../contract/worker-info.js';
import { type QueueState, unhandledOf } from '../engine/queue-state.js';

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

  constructor(private readonly engine: QueueEngine) {
    this.cached = new RecentRead(engine, () => this.read());
  }

  /** Worker processes that live. */
  workers(): Promise<WorkerInfo[]> {
    return this.engine.workers.list();
  }

  /** Workers that died without a goodbye within a day, latest first. */
  lostWorkers(): Promise<WorkerInfo[]> {
    return this.engine.workers.lost();
  }

  /** Workers that shut down or died, latest first. */
  goneWorkers(): Promise<GoneWorker[]> {
    return this.engine.workers.gone();
  }

  /** The last versions of the app that workers ran, latest first. */
  versions(): Promise<DeployedVersion[]> {
    return this.engine.workers.versions();
  }

  /** As it stands now. */
  async read(): Promise<AppSnapshot> {
    const [entries, workers] = await Promise.all([this.engine.types.entries(), this.engine.workers.list()]);
    const names = new Set([
      ...this.engine.queues.names(),
      ...entries.map(({ queue }) => queue),
      ...workers.flatMap(({ queues }) => queues),
    ]);
    const queues = await this.engine.queues.states([...names].toSorted());
    const unhandled = unhandledOf(queues, workers);
    return { queues, workers, unhandled: await this.engine.workers.withLastHandler(unhandled) };
  }

  /** As it stood at most a second ago, in at most 800 ms; undefined when the engine does not answer. */
  recent(): Promise<AppSnapshot | undefined> {
    return this.cached.get();
  }

  /** Why {@link recent} gave nothing the last time. */
  get failure(): Error | undefined {
    return this.cached.failure;
  }
}
