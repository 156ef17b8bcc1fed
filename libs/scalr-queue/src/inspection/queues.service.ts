import { Injectable } from '@nestjs/common';
import { QueueRegistry } from '../connection/queue.registry.js';
import { InvalidOptionError } from '../errors/configuration.errors.js';
import type { QueueInfo, UnhandledJob } from '../jobs/queue-info.js';
import type { WorkerInfo } from '../jobs/worker-info.js';
import { describe } from '../options/option-checker.js';
import { nearest } from '../options/suggestion.js';
import { AppState } from './app.state.js';
import { JobReader } from './job.reader.js';

/** Looking at queues and workers, and holding queues, from any process of the app. */
@Injectable()
export class QueuesService {
  /** @internal */
  constructor(
    private readonly state: AppState,
    private readonly queues: QueueRegistry,
    private readonly reader: JobReader,
  ) {}

  /**
   * All queues of the app: those that the options name, that a job was ever enqueued for, or that a live worker works on.
   * The cost does not grow with the backlog.
   *
   * @throws QueueUnavailableError within 1.1 s when Redis does not answer
   */
  async list(): Promise<QueueInfo[]> {
    const { queues, workers } = await this.reader.bounded(() => this.state.read());
    return queues.map(({ nextJobs: _nextJobs, ...depth }) => ({
      ...depth,
      workers: workers.filter((worker) => !worker.draining && worker.queues.includes(depth.name)).length,
    }));
  }

  /**
   * Holds a queue, for all workers of the app: jobs that run go on, no other one starts until `resume`. Jobs can be enqueued
   * all the while.
   *
   * @throws InvalidOptionError for a queue that the app does not have; QueueUnavailableError
   */
  pause(name: string): Promise<void> {
    return this.withQueue(name, (queue) => queue.pause());
  }

  /**
   * Lets the jobs of a paused queue start again.
   *
   * @throws InvalidOptionError for a queue that the app does not have; QueueUnavailableError
   */
  resume(name: string): Promise<void> {
    return this.withQueue(name, (queue) => queue.resume());
  }

  /**
   * The worker processes that live. One that was killed is still told for twenty seconds.
   *
   * @throws QueueUnavailableError
   */
  async workers(): Promise<WorkerInfo[]> {
    const { workers } = await this.reader.bounded(() => this.state.read());
    return [...workers];
  }

  /**
   * Kinds of jobs that wait in vain: they are next in their queue, and no live worker has a handler for them.
   *
   * @throws QueueUnavailableError
   */
  async unhandledJobs(): Promise<UnhandledJob[]> {
    const { unhandled } = await this.reader.bounded(() => this.state.read());
    return [...unhandled];
  }

  private withQueue(
    name: string,
    write: (queue: ReturnType<QueueRegistry['get']>) => Promise<unknown>,
  ): Promise<void> {
    return this.reader.bounded(async () => {
      const known = (await this.state.read()).queues.map((queue) => queue.name);
      if (!known.includes(name)) throw unknownQueue(name, known);
      await write(this.queues.get(name));
    });
  }
}

function unknownQueue(name: unknown, known: readonly string[]): InvalidOptionError {
  const suggestion = typeof name === 'string' ? nearest(name, known) : undefined;
  const cure = suggestion ? `did you mean "${suggestion}"?` : `known are: ${known.join(', ') || 'none'}`;
  return new InvalidOptionError(`unknown queue ${describe(name)}, ${cure}`);
}
