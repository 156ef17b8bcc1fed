import { Inject, Injectable, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { setImmediate as turn } from 'node:timers/promises';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { InvalidOptionError, UnknownJobError } from '../contract/errors/configuration.errors.js';
import type { AnyJobDefinition } from '../contract/job-definition.js';
import { OptionChecker } from '../contract/option-checker.js';
import { settlesWithin } from '../engine/deadline.js';
import { parseFailure } from '../engine/failure.js';
import { MemoryEngine } from '../engine/memory/memory.engine.js';
import { MemoryJob } from '../engine/memory/memory.job.js';
import type { TakenJob } from '../engine/memory/memory.worker.js';
import { MemoryWorkerEngine } from '../engine/memory/memory.worker-engine.js';
import { inJob } from '../observability/job-scope.js';
import { prepareJob } from '../producer/prepared-job.js';
import { Scheduler } from '../scheduling/scheduler.js';
import { CancelWatcher } from '../worker/cancel.watcher.js';
import type { JobHandler } from '../worker/handler.explorer.js';
import { HandlerSelection } from '../worker/handler.selection.js';
import { JobRunner } from '../worker/job.runner.js';
import { QueueWorkers } from '../worker/queue.workers.js';
import { WorkerAnnouncement } from '../worker/worker.announcement.js';
import { outcomeOf, type RunOutcome } from './run-outcome.js';
import type { RunJobOptions } from './run-job.options.js';
import { type DrainOutcome, Tally } from './tally.js';
import type { CheckedTestOptions } from './testing.options.js';
import { VirtualClock } from './virtual.clock.js';

/** Injection token of the checked options of the kit. */
export const TEST_OPTIONS = Symbol('scalr-queue.test-options');

/** What no test means to run through. */
const MAX_RUNS = 10_000;

const check = new OptionChecker(InvalidOptionError);

type Handlers = ReadonlyMap<string, JobHandler>;

/**
 * A worker process in the hands of a test: the workers of production, which take a job when the test says so, one after the other. What
 * a worker does in the background is left out, as it goes by the time of the machine; schedules and requests to cancel are seen to here.
 */
@Injectable()
export class TestHarness {
  private booted?: Promise<Handlers>;
  private looks: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly clock: VirtualClock,
    @Inject(TEST_OPTIONS) private readonly options: CheckedTestOptions,
  ) {}

  /** The jobs, and what is the matter with the queue. */
  get engine(): MemoryEngine {
    return this.get(MemoryEngine);
  }

  /** After each call that enqueued; the inline mode runs the jobs here. */
  async afterEnqueue(): Promise<void> {
    if (this.options.mode === 'inline') await this.runAll(await this.boot());
  }

  /** Finds the handlers and makes the workers: once, when the first thing runs or the application starts. */
  boot(): Promise<Handlers> {
    this.booted ??= this.start();
    return this.booted;
  }

  /** Runs all whose time has come, also those that these enqueue. */
  async drain(): Promise<DrainOutcome> {
    const handlers = await this.boot();
    const scheduler = this.get(Scheduler);
    if (this.engine.ready) await scheduler.reconcile();
    const outcome = await this.runAll(handlers);
    if (this.engine.ready) await scheduler.reconcile();
    return outcome;
  }

  /** When the next thing happens; `Infinity` when nothing will. */
  get nextDue(): number {
    const { clock } = this;
    const { nextDue, works } = this.engine.memory;
    return Math.max(clock.now(), Math.min(works ? nextDue : Infinity, clock.next));
  }

  async runJob<D extends AnyJobDefinition>(
    definition: D,
    payload: unknown,
    options: RunJobOptions,
  ): Promise<RunOutcome<D>> {
    const { attempt = 1, scheduledFor, ...others } = options;
    const handlers = await this.boot();
    const app = this.moduleRef.get<ResolvedOptions>(RESOLVED_OPTIONS, { strict: false });
    const prepared = await prepareJob(definition, payload, { ...others, unique: false }, app);
    const handler = handlers.get(definition.name);
    if (!handler) throw withoutHandler(definition.name, [...handlers.keys()]);
    const job = new MemoryJob(prepared, 0);
    const most = job.opts.attempts ?? 1;
    check.integer('attempt', attempt, 1, most);
    if (scheduledFor) Object.assign(job.opts, { scalr: { ...scalrOf(job), scheduledFor: +scheduledFor } });
    job.state = 'active';
    job.attemptsMade = attempt - 1;
    job.attemptsStarted = attempt;
    job.processedOn = this.clock.now();
    const running = inJob(job, () => this.get(JobRunner).run(job, undefined, handler));
    return outcomeOf<D>(job, this.whileTimePasses(running), () => this.clock.now());
  }

  private async start(): Promise<Handlers> {
    const selection = this.get(HandlerSelection);
    const handlers = await selection.explore();
    this.engine.cancels.onRequest(() => void this.lookForRequests());
    if (handlers.size === 0) return handlers;
    const jobs = selection.select(handlers, undefined);
    this.get(WorkerAnnouncement).announce(jobs);
    this.serve(handlers);
    await this.get(Scheduler).reconcile();
    return handlers;
  }

  private async runAll(handlers: Handlers): Promise<DrainOutcome> {
    const tally = new Tally();
    for (let taken = this.next(handlers); taken; taken = this.next(handlers)) {
      const end = await this.whileTimePasses(taken.ended);
      tally.count(
        end === 'released' ? 'postponed' : end === 'dead' && wasCancelled(taken) ? 'cancelled' : end,
      );
      // Its run was over before it heard of the request.
      if (this.engine.cancels.size > 0) await this.lookForRequests();
      if (tally.runs < MAX_RUNS) continue;
      throw new Error(
        `${MAX_RUNS} jobs ran at this one moment: does ${taken.job.name} enqueue itself without end?`,
      );
    }
    return tally.outcome;
  }

  private next(handlers: Handlers): TakenJob | undefined {
    this.serve(handlers);
    return this.get(MemoryWorkerEngine).next();
  }

  /** Works on every queue that there is, also on those without a handler. */
  private serve(handlers: Handlers): void {
    const { memory } = this.engine;
    const queues = new Set([
      ...memory.names(),
      ...[...handlers.values()].map(({ definition }) => definition.queue),
    ]);
    for (const queue of queues)
      if (!memory.isServed(queue)) this.get(QueueWorkers).add(queue, { handlers }).start();
  }

  /** One look after the other: each finds the requests that were there when it began. */
  private lookForRequests(): Promise<unknown> {
    this.looks = this.looks.then(() => this.get(CancelWatcher).look());
    return this.looks;
  }

  /** Time passes where the run waits for nothing else. */
  private async whileTimePasses<T>(running: Promise<T>): Promise<T> {
    let settled = false;
    const settle = () => void (settled = true);
    running.then(settle, settle);
    while (!(await this.endsInTime(running))) {
      if (settled) break;
      // It had not begun when the request came.
      if (this.engine.cancels.size > 0) await this.lookForRequests();
      const { next } = this.clock;
      if (next < Infinity) this.clock.moveTo(next);
      await turn();
    }
    return running;
  }

  private endsInTime(running: Promise<unknown>): Promise<boolean> {
    return settlesWithin(running, this.options.patience);
  }

  private get<T>(type: Type<T>): T {
    return this.moduleRef.get(type, { strict: false });
  }
}

function wasCancelled({ job }: TakenJob): boolean {
  return parseFailure(job.failedReason ?? '').kind === 'cancelled';
}

function scalrOf(job: MemoryJob): object {
  return (job.opts as { scalr?: object }).scalr ?? {};
}

function withoutHandler(name: string, known: readonly string[]): UnknownJobError {
  return new UnknownJobError(
    `no provider of the testing module has a @ProcessJob for "${name}": add the processor to its providers, or import its ` +
      `module. Handlers there are for: ${known.join(', ') || 'no job'}`,
  );
}
