import { Postponed } from '../engine/run-ends.js';
import { setImmediate as turn } from 'node:timers/promises';
import { inJob } from '../observability/job-scope.js';
import { attemptBackoff } from '../engine/attempt-failure.js';
import type { JobEventSource } from '../worker/job-event.source.js';
import type { JobRunner } from '../worker/job.runner.js';
import type { MemoryEngine } from '../engine/memory/memory.engine.js';
import type { MemoryJob } from '../engine/memory/memory.job.js';
import type { MemoryQueue } from '../engine/memory/memory.queue.js';
import type { VirtualClock } from './virtual.clock.js';
import { type DrainOutcome, Tally } from './tally.js';

/** What no test means to run through. */
const TOO_MANY = 10_000;

/** Runs jobs one after the other, through the runner of production, and does to them what the engine would. */
export class TestWorker {
  constructor(
    private readonly engine: MemoryEngine,
    private readonly runner: JobRunner,
    private readonly events: JobEventSource,
    private readonly patience: number,
    private readonly clock: VirtualClock,
  ) {}

  /** Runs all whose time has come, also those that these enqueue. */
  async drain(): Promise<DrainOutcome> {
    const tally = new Tally();
    for (let job = this.engine.memory.take(); job; job = this.engine.memory.take()) {
      tally.count(await this.run(job));
      if (tally.runs < TOO_MANY) continue;
      throw new Error(
        `${TOO_MANY} jobs ran at this one moment: does ${job.name} enqueue itself without end?`,
      );
    }
    return tally.outcome;
  }

  /** Runs one attempt; time passes where the handler waits for nothing else. */
  async attempt(job: MemoryJob): Promise<unknown> {
    const running = inJob(job, () => this.runner.run(job, undefined));
    let settled = false;
    const settle = () => void (settled = true);
    running.then(settle, settle);
    while (!(await this.endsInTime(running))) {
      if (settled) break;
      const { next } = this.clock;
      if (next < Infinity) this.clock.moveTo(next);
      await turn();
    }
    return running;
  }

  private async run(job: MemoryJob): Promise<keyof DrainOutcome> {
    const queue = this.engine.memory.get(job.queueName);
    this.events.started(job);
    try {
      queue.complete(job, await this.attempt(job));
      this.events.completed(job);
      return 'completed';
    } catch (error) {
      if (error instanceof Postponed) {
        this.events.postponed(job);
        return 'postponed';
      }
      return this.fail(queue, job, error as Error);
    }
  }

  private fail(queue: MemoryQueue, job: MemoryJob, error: Error): keyof DrainOutcome {
    const isLast = error.name === 'UnrecoverableError' || job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
    const delay = isLast ? undefined : attemptBackoff(job.attemptsMade + 1, undefined, error);
    queue.fail(job, error, delay);
    this.events.failed(job, error);
    if (!isLast) return 'retrying';
    return error.message.startsWith('cancelled ') ? 'cancelled' : 'dead';
  }

  private async endsInTime(running: Promise<unknown>): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), this.patience);
    });
    const ended = () => true;
    const inTime = await Promise.race([running.then(ended, ended), late]);
    clearTimeout(timer);
    return inTime;
  }
}
