import { Injectable } from '@nestjs/common';
import { QueueEngine } from '../engine/queue.engine.js';
import type { JobHandler } from './handler.explorer.js';

/** How often former queues are looked into: an old version may still enqueue there. */
const LOOK_INTERVAL_MS = 5_000;

/**
 * The queues that definitions of this worker had in earlier versions: as long as jobs of theirs come up there, this worker takes
 * jobs from them too. Costs nothing while no definition has moved.
 */
@Injectable()
export class FormerQueues {
  private readonly served = new Set<string>();
  private timer?: NodeJS.Timeout;

  constructor(private readonly engine: QueueEngine) {}

  /** Those that this worker takes jobs from. */
  get names(): readonly string[] {
    return [...this.served];
  }

  /**
   * @param queues those that the worker works on in any case
   * @param serve starts to take jobs from a queue
   */
  start(
    handlers: ReadonlyMap<string, JobHandler>,
    queues: ReadonlySet<string>,
    serve: (queue: string) => void,
  ): void {
    const look = () =>
      void this.look(handlers, queues, serve).catch((error: unknown) => this.engine.report(error));
    this.timer = setInterval(look, LOOK_INTERVAL_MS);
    this.timer.unref();
    look();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private async look(
    handlers: ReadonlyMap<string, JobHandler>,
    queues: ReadonlySet<string>,
    serve: (queue: string) => void,
  ): Promise<void> {
    const { engine } = this;
    if (!engine.ready) return;
    const entries = await engine.types.entries();
    const left = entries.filter(({ name, queue }) => {
      const handler = handlers.get(name);
      // One that this worker was told to leave alone stays so in its former queue.
      const isOurs = handler !== undefined && queues.has(handler.definition.queue);
      return isOurs && !queues.has(queue) && !this.served.has(queue);
    });
    if (left.length === 0) return;
    const names = [...new Set(left.map(({ queue }) => queue))];
    const states = await engine.queues.states(names);
    const live = states.some(({ running }) => running > 0) ? await engine.workers.list() : [];
    for (const { name, nextJobs, running } of states) {
      const isNext = left.some((entry) => entry.queue === name && nextJobs.includes(entry.name));
      // What the last worker of the queue ran when it died is found by nobody else.
      const isNeeded = isNext || (running > 0 && !live.some(({ queues: taken }) => taken.includes(name)));
      if (!isNeeded || !this.timer || this.served.has(name)) continue;
      this.served.add(name);
      serve(name);
    }
  }
}
