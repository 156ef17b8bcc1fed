import { Injectable, Logger } from '@nestjs/common';
import type { JobEventListener, JobEventMap, JobEventName } from './job-events.js';

/**
 * What happens to the jobs that this process enqueues or runs. Logs and metrics are readers of it, and an app can be one too.
 * Events of other processes are not seen.
 *
 * @example
 * events.on('dead', ({ name, id, reason }) => this.pager.alert(`${name} ${id} is dead: ${reason}`));
 */
@Injectable()
export class JobEvents {
  private readonly logger = new Logger('ScalrQueue');
  private readonly listeners = new Map<JobEventName, Set<JobEventListener<never>>>();

  /** Listens until the returned function is called. A slow listener holds no job up, unless it blocks the process. */
  on<Name extends JobEventName>(name: Name, listener: JobEventListener<Name>): () => void {
    const listeners = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  /**
   * Never throws. Without listeners the event is not even made.
   * @internal
   */
  emit<Name extends JobEventName>(name: Name, make: () => JobEventMap[Name]): void {
    const listeners = this.listeners.get(name);
    if (!listeners?.size) return;
    try {
      const event = make();
      for (const listener of listeners) this.emitTo(name, listener as JobEventListener<Name>, event);
    } catch (error) {
      this.complain(name, error);
    }
  }

  private emitTo<Name extends JobEventName>(
    name: Name,
    listener: JobEventListener<Name>,
    event: JobEventMap[Name],
  ): void {
    try {
      const result = listener(event);
      if (result instanceof Promise) result.catch((error: unknown) => this.complain(name, error));
    } catch (error) {
      this.complain(name, error);
    }
  }

  private complain(name: JobEventName, error: unknown): void {
    this.logger.error(`a listener of "${name}" failed`, error instanceof Error ? error.stack : undefined);
  }
}
