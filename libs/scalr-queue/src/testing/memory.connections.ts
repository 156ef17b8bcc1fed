import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import type { MemoryEngine } from '../engine/memory/memory.engine.js';
import type { MemoryQueue } from '../engine/memory/memory.queue.js';

/** What stands for a connection where there is nothing to connect to. */
export class MemoryConnections {
  /** It is never lost. */
  readonly lostAt = undefined;
  readonly damaged = { note: () => undefined, lines: [] };
  readonly log = { trouble: (error: Error) => void error, recovered: () => undefined };

  constructor(private readonly engine: MemoryEngine) {}

  get ready(): boolean {
    return this.engine.ready;
  }

  usable(): undefined {
    return this.engine.usable('read');
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
  constructor(private readonly engine: MemoryEngine) {}

  get connections(): never {
    return noRedis();
  }

  get(name: string): MemoryQueue {
    return this.engine.memory.get(name);
  }

  /** Limits hold in workers, which the kit has none of. */
  async writeLimits(): Promise<void> {}

  names(): string[] {
    return this.engine.queues.names();
  }
}
