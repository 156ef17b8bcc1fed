import { workerKey, workersKey } from './keys.js';
import type { UnhandledJob } from '../../contract/queue-info.js';
import {
  type DeployedVersion,
  type GoneWorker,
  MAX_GONE_WORKERS,
  toGone,
  type WorkerInfo,
} from '../../contract/worker-info.js';
import { WORKER_TTL } from '../../contract/defaults.js';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import type { WorkerRegistry } from '../queue.engine.js';
import { noteGone, readGone } from './gone-workers.js';
import { noteHandlers, withLastHandlers } from './last-handlers.js';
import { readAllWorkers, readWorkers, type StoredWorker } from './live-workers.js';
import { valuesOf } from './pipeline-replies.js';
import { noteVersion, readVersions } from './versions.js';
import type { RedisConnections } from './connection/redis.connections.js';

/** How often a worker notes what it handles. */
const HANDLERS_INTERVAL_MS = 60_000;

/**
 * The worker processes of the app that live: one index, and per worker a key that Redis itself lets expire, so that no clock
 * but that of Redis counts.
 */
export class RedisWorkerRegistry implements WorkerRegistry {
  private notedAt = -Infinity;

  constructor(
    private readonly connections: RedisConnections,
    private readonly options: ResolvedOptions,
  ) {}

  /** Writes a heartbeat, good for twenty seconds. */
  async beat(worker: WorkerInfo): Promise<void> {
    const { prefix } = this.options;
    const { handled: _handled, ...announced } = worker;
    const stored: StoredWorker = { ...announced, startedAt: +worker.startedAt, seenAt: +worker.seenAt };
    if (performance.now() - this.notedAt > HANDLERS_INTERVAL_MS) {
      this.notedAt = performance.now();
      await this.noteHandlers(worker);
    }
    const pipeline = this.connections.producer.pipeline();
    const text = JSON.stringify(stored);
    // In the index it outlives the worker: what it last ran is known after it was killed.
    pipeline.hset(workersKey(prefix), worker.id, text);
    pipeline.set(workerKey(prefix, worker.id), text, 'PX', WORKER_TTL);
    valuesOf(await pipeline.exec());
  }

  noteVersion(worker: WorkerInfo): Promise<void> {
    return noteVersion(this.connections.producer, this.options.prefix, worker);
  }

  async remove(id: string): Promise<void> {
    const { prefix } = this.options;
    const pipeline = this.connections.producer.pipeline();
    pipeline.del(workerKey(prefix, id)).hdel(workersKey(prefix), id);
    valuesOf(await pipeline.exec());
  }

  /** Notes what this worker handles: who looks for the last one that did finds it after it is gone. */
  noteHandlers(worker: WorkerInfo): Promise<void> {
    return noteHandlers(this.connections.producer, this.options.prefix, worker);
  }

  /** These kinds of jobs with the worker that handled them last. */
  withLastHandler(jobs: readonly UnhandledJob[]): Promise<UnhandledJob[]> {
    return withLastHandlers(this.connections.producer, this.options.prefix, jobs);
  }

  /** Those that died without a goodbye within a day, latest first. */
  async lost(): Promise<WorkerInfo[]> {
    const { producer, damaged } = this.connections;
    return (await readAllWorkers(producer, this.options.prefix, damaged.note, this.forget)).lost;
  }

  async noteGone(worker: WorkerInfo): Promise<void> {
    await noteGone(this.connections.producer, this.options.prefix, toGone(worker, true));
  }

  async gone(): Promise<GoneWorker[]> {
    const { producer, damaged } = this.connections;
    const { prefix } = this.options;
    const [{ live, lost }, noted] = await Promise.all([
      readAllWorkers(producer, prefix, damaged.note, this.forget),
      readGone(producer, prefix),
    ]);
    const known = new Set([...live, ...noted].map(({ id }) => id));
    return [...noted, ...lost.filter(({ id }) => !known.has(id)).map((worker) => toGone(worker, false))]
      .toSorted((one, other) => +other.seenAt - +one.seenAt)
      .slice(0, MAX_GONE_WORKERS);
  }

  versions(): Promise<DeployedVersion[]> {
    return readVersions(this.connections.producer, this.options.prefix);
  }

  /** All that live, oldest first. */
  list(): Promise<WorkerInfo[]> {
    const { producer, damaged } = this.connections;
    return readWorkers(producer, this.options.prefix, damaged.note, this.forget);
  }

  /** A worker that the index forgets is remembered among those that are gone. */
  private readonly forget = (worker: WorkerInfo): void => {
    if (this.options.history === false) return;
    void noteGone(this.connections.producer, this.options.prefix, toGone(worker, false)).catch(
      () => undefined,
    );
  };
}
