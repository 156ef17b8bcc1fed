import { hostname } from 'node:os';
import type { AppSnapshot } from '../inspection/app.state.js';
import { PING_JOB, type PingResult } from '../contract/ping.js';
import type { UnhandledJob } from '../contract/queue-info.js';
import { takes, type WorkerInfo } from '../contract/worker-info.js';
import type { MemoryEngine } from './memory.engine.js';

/** Whether the queue answers. */
export class MemoryProbe {
  constructor(private readonly engine: MemoryEngine) {}

  async answers(): Promise<boolean> {
    return this.engine.works;
  }
}

/** The one worker of the kit, once it works. */
export class MemoryWorkers {
  private worker?: WorkerInfo;

  async beat(worker: WorkerInfo): Promise<void> {
    this.worker = worker;
  }

  async remove(id: string): Promise<void> {
    if (this.worker?.id === id) delete this.worker;
  }

  async noteHandlers(): Promise<void> {}

  /** Nothing dies here without a goodbye. */
  async lost(): Promise<WorkerInfo[]> {
    return [];
  }

  async withLastHandler(jobs: readonly UnhandledJob[]): Promise<UnhandledJob[]> {
    return [...jobs];
  }

  async list(): Promise<WorkerInfo[]> {
    return this.worker ? [this.worker] : [];
  }
}

/** The test is the worker: whether one lives says nothing about the app. */
export class MemoryWatch {
  admit(): void {}

  note(): void {}

  onModuleInit(): void {}

  onApplicationShutdown(): void {}
}

/** Answers for the worker of the kit. */
export class MemoryPinger {
  async ping(queue: string, _timeout: number, app: AppSnapshot): Promise<PingResult> {
    const missed = (reason: PingResult['reason']) => ({ queue, answered: false, reason });
    if (!app.workers.some((worker) => takes(worker, queue, PING_JOB))) return missed('no-worker');
    if (app.queues.some(({ name, paused }) => name === queue && paused)) return missed('paused');
    return { queue, answered: true, roundTripMs: 0, worker: { host: hostname(), pid: process.pid } };
  }
}
