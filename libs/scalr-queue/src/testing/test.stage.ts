import { Inject, Injectable, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { QueueEngine } from '../engine/queue.engine.js';
import { InvalidOptionError, UnknownJobError } from '../contract/errors/configuration.errors.js';
import type { AnyJobDefinition } from '../contract/job-definition.js';
import { OptionChecker } from '../contract/option-checker.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { prepareJob } from '../producer/prepared-job.js';
import { ScheduleKeeper } from '../scheduling/schedule.keeper.js';
import { HandlerExplorer, type JobHandler } from '../worker/handler.explorer.js';
import { JobEventSource } from '../worker/job-event.source.js';
import { JobRunner } from '../worker/job.runner.js';
import type { MemoryEngine } from '../engine/memory/memory.engine.js';
import { MemoryJob } from '../engine/memory/memory.job.js';
import { outcomeOf, type RunOutcome } from './run-outcome.js';
import type { RunJobOptions } from './run-job.options.js';
import { signOfLife } from './sign-of-life.js';
import type { DrainOutcome } from './tally.js';
import { type CheckedTestOptions } from './testing.options.js';
import { TestWorker } from './test.worker.js';
import { VirtualClock } from './virtual.clock.js';

/** Injection token of the checked options of the kit. */
export const TEST_OPTIONS = Symbol('scalr-queue.test-options');

const check = new OptionChecker(InvalidOptionError);

interface Running {
  readonly handlers: ReadonlyMap<string, JobHandler>;
  readonly worker: TestWorker;
  readonly keeper: ScheduleKeeper;
}

/** The worker of the kit with all that it needs: set up once, when the first thing runs or the application starts. */
@Injectable()
export class TestStage {
  private running?: Promise<Running>;

  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly clock: VirtualClock,
    @Inject(TEST_OPTIONS) private readonly options: CheckedTestOptions,
  ) {}

  /** The jobs, and what is the matter with the queue. */
  get engine(): MemoryEngine {
    return this.moduleRef.get<QueueEngine, MemoryEngine>(QueueEngine, { strict: false });
  }

  /** After each call that enqueued; the inline mode runs the jobs here. */
  async afterEnqueue(): Promise<void> {
    if (this.options.mode === 'inline') await (await this.begin()).worker.drain();
  }

  begin(): Promise<Running> {
    this.running ??= this.setUp();
    return this.running;
  }

  async drain(): Promise<DrainOutcome> {
    const { worker, keeper } = await this.begin();
    if (this.engine.ready) await keeper.keepUp();
    const outcome = await worker.drain();
    if (this.engine.ready) await keeper.keepUp();
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
    const { handlers, worker } = await this.begin();
    const prepared = await prepareJob(definition, payload, { ...others, unique: false }, this.app);
    if (!handlers.has(definition.name)) throw withoutHandler(definition.name, [...handlers.keys()]);
    const job = new MemoryJob(prepared, 0);
    const most = job.opts.attempts ?? 1;
    check.integer('attempt', attempt, 1, most);
    if (scheduledFor) Object.assign(job.opts, { scalr: { ...scalrOf(job), scheduledFor: +scheduledFor } });
    job.state = 'active';
    job.attemptsMade = attempt - 1;
    job.attemptsStarted = attempt;
    job.processedOn = this.clock.now();
    return outcomeOf<D>(job, worker.attempt(job), () => this.clock.now());
  }

  private get app(): ResolvedOptions {
    return this.moduleRef.get<ResolvedOptions>(RESOLVED_OPTIONS, { strict: false });
  }

  private async setUp(): Promise<Running> {
    const [runner, keeper] = [this.get(JobRunner), this.get(ScheduleKeeper)];
    const handlers = this.get(HandlerExplorer).explore();
    await keeper.prepare(handlers.values());
    runner.use(handlers);
    const { engine } = this;
    for (const { definition } of handlers.values()) engine.types.record(definition);
    if (handlers.size > 0) await engine.workers.beat(signOfLife(handlers.values(), this.clock.now()));
    const events = this.get(JobEventSource);
    const worker = new TestWorker(engine, runner, events, this.options.patience, this.clock);
    if (handlers.size > 0) await keeper.keepUp();
    return { handlers, worker, keeper };
  }

  private get<T>(type: Type<T>): T {
    return this.moduleRef.get(type, { strict: false });
  }
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
