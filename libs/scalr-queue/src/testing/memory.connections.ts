import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import { QueueFullError } from '../contract/errors/enqueue.errors.js';
import { ANY_NAME, type CatalogEntry } from '../engine/redis/catalog-entry.js';
import { DEFAULT_MAX_BACKLOG } from '../contract/defaults.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { MemoryEngine } from './memory.engine.js';
import type { MemoryQueue } from './memory.queue.js';

/** What stands for a connection where there is nothing to connect to. */
export class MemoryConnections {
  /** It is never lost. */
  readonly lostAt = undefined;
  readonly damaged = { note: () => undefined, lines: [] };
  readonly log = { trouble: (error: Error) => void error, recovered: () => undefined };

  constructor(private readonly engine: MemoryEngine) {}

  get ready(): boolean {
    return this.engine.works;
  }

  usable(): undefined {
    this.engine.answer();
    return undefined;
  }

  /** Nobody lacks a permission. */
  async named(error: unknown): Promise<unknown> {
    return error;
  }

  get producer(): never {
    return noRedis();
  }

  worker(): never {
    return noRedis();
  }

  async whenReady(): Promise<void> {}

  async tried(): Promise<void> {}

  /** There is nothing to close. */
  async onApplicationShutdown(): Promise<void> {}
}

function noRedis(): never {
  throw new QueueConfigError('the test kit has no Redis, so there is no connection: this needs a real one');
}

/** The queues of the app. */
export class MemoryRegistry {
  constructor(
    private readonly engine: MemoryEngine,
    private readonly options: ResolvedOptions,
  ) {}

  get(name: string): MemoryQueue {
    return this.engine.get(name);
  }

  /** Limits hold in workers, which the kit has none of. */
  async writeLimits(): Promise<void> {}

  names(): string[] {
    return [...new Set([...this.options.queues.keys(), ...this.engine.queues.keys()])];
  }
}

/** Refuses jobs for a queue that holds as many as its `maxBacklog`. */
export class MemoryBacklog {
  constructor(
    private readonly engine: MemoryEngine,
    private readonly options: ResolvedOptions,
  ) {}

  async admit(queue: string, jobs: number): Promise<void> {
    const limit = this.options.queues.get(queue)?.maxBacklog ?? DEFAULT_MAX_BACKLOG;
    const { length } = [...this.engine.get(queue).in('waiting'), ...this.engine.get(queue).in('delayed')];
    if (length + jobs <= limit) return;
    throw new QueueFullError(
      `the queue "${queue}" holds ${length} jobs, its maxBacklog is ${limit}. Nothing was enqueued.`,
    );
  }
}

/** Which jobs the app has. */
export class MemoryCatalog {
  private readonly known = new Map<string, CatalogEntry>();

  record({ name, queue }: CatalogEntry): void {
    this.known.set(`${name} ${queue}`, { name, queue });
  }

  recordQueue(queue: string): void {
    this.record({ name: ANY_NAME, queue });
  }

  knows(name: string): boolean {
    return [...this.known.values()].some((entry) => entry.name === name);
  }

  queueOf(name: string): string | undefined {
    return [...this.known.values()].findLast((entry) => entry.name === name)?.queue;
  }

  async formerQueues({ name, queue }: CatalogEntry): Promise<string[]> {
    const others = [...this.known.values()].filter((entry) => entry.name === name && entry.queue !== queue);
    return others.map((entry) => entry.queue);
  }

  async entries(): Promise<CatalogEntry[]> {
    return [...this.known.values()];
  }
}
