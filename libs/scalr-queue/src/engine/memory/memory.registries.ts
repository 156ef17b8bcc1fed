import type { LastHandler, UnhandledJob } from '../../contract/queue-info.js';
import {
  type DeployedVersion,
  type GoneWorker,
  MAX_GONE_WORKERS,
  nameOf,
  toGone,
  type WorkerInfo,
} from '../../contract/worker-info.js';
import { ANY_NAME, type JobType } from '../job-type.js';
import type { JobTypeRegistry, WorkerRegistry } from '../queue.engine.js';

/** Which kinds of jobs the app has. */
export class MemoryJobTypes implements JobTypeRegistry {
  private readonly known = new Map<string, JobType>();

  record({ name, queue }: JobType): void {
    this.known.set(`${name} ${queue}`, { name, queue });
  }

  recordQueue(queue: string): void {
    this.record({ name: ANY_NAME, queue });
  }

  knows(name: string): boolean {
    return [...this.known.values()].some((type) => type.name === name);
  }

  queueOf(name: string): string | undefined {
    return [...this.known.values()].findLast((type) => type.name === name)?.queue;
  }

  async formerQueues({ name, queue }: JobType): Promise<string[]> {
    const others = [...this.known.values()].filter((type) => type.name === name && type.queue !== queue);
    return others.map((type) => type.queue);
  }

  async entries(): Promise<JobType[]> {
    return [...this.known.values()];
  }
}

/** The one worker of the process, while it works. Nothing dies here without a goodbye. */
export class MemoryWorkers implements WorkerRegistry {
  private worker?: WorkerInfo;
  private readonly left: GoneWorker[] = [];
  private readonly firstSeen = new Map<string, Date>();
  private readonly handlers = new Map<string, LastHandler>();

  async beat(worker: WorkerInfo): Promise<void> {
    this.worker = worker;
  }

  async noteVersion({ version, seenAt }: WorkerInfo): Promise<void> {
    if (version !== undefined && !this.firstSeen.has(version)) this.firstSeen.set(version, seenAt);
  }

  async remove(id: string): Promise<void> {
    if (this.worker?.id === id) delete this.worker;
  }

  async noteHandlers(worker: WorkerInfo): Promise<void> {
    const { handled = [], version, seenAt } = worker;
    for (const { name, queue } of handled)
      this.handlers.set(`${name} ${queue}`, {
        worker: nameOf(worker),
        ...(version ? { version } : {}),
        seenAt,
      });
  }

  async list(): Promise<WorkerInfo[]> {
    return this.worker ? [this.worker] : [];
  }

  async lost(): Promise<WorkerInfo[]> {
    return [];
  }

  async noteGone(worker: WorkerInfo): Promise<void> {
    this.left.unshift(toGone(worker, true));
    this.left.splice(MAX_GONE_WORKERS);
  }

  async gone(): Promise<GoneWorker[]> {
    return [...this.left];
  }

  async versions(): Promise<DeployedVersion[]> {
    return [...this.firstSeen].map(([version, firstSeenAt]) => ({ version, firstSeenAt })).toReversed();
  }

  async withLastHandler(jobs: readonly UnhandledJob[]): Promise<UnhandledJob[]> {
    return jobs.map((job) => {
      const lastHandledBy = this.handlers.get(`${job.name} ${job.queue}`);
      return { ...job, ...(lastHandledBy ? { lastHandledBy } : {}) };
    });
  }
}
