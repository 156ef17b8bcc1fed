import { Inject, Injectable, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { JobCatalog } from '../engine/redis/job.catalog.js';
import { WorkerRegistry } from '../engine/redis/worker.registry.js';
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
import { MemoryEngine } from './memory.engine.js';
import { MemoryJob } from './memory.job.js';
import { outcomeOf, type RunOutcome } from './run-outcome.js';
import type { RunJobOptions } from './run-job.options.js';
import { signOfLife } from './sign-of-life.js';
import type { DrainOutcome } from './tally.js';
import { type CheckedTestOptions } from './testing.options.js';
import { TestWorker } from './test.worker.js';

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
    private readonly engine: MemoryEngine,
    private readonly moduleRef: ModuleRef,
    @Inject(TEST_OPTIONS) private readonly options: CheckedTestOptions,
  ) {
    engine.afterEnqueue = async () => {
      if (options.mode === 'inline') await (await this.begin()).worker.drain();
    };
  }

  begin(): Promise<Running> {
    this.running ??= this.setUp();
    return this.running;
  }

  async drain(): Promise<DrainOutcome> {
    const { worker, keeper } = await this.begin();
    if (this.engine.works) await keeper.keepUp();
    const outcome = await worker.drain();
    if (this.engine.works) await keeper.keepUp();
    return outcome;
  }

  /** When the next thing happens; `Infinity` when nothing will. */
  get nextDue(): number {
    const { nextDue, clock, works } = this.engine;
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
    job.processedOn = this.engine.clock.now();
    return outcomeOf<D>(job, worker.attempt(job), () => this.engine.clock.now());
  }

  private get app(): ResolvedOptions {
    return this.moduleRef.get<ResolvedOptions>(RESOLVED_OPTIONS, { strict: false });
  }

  private async setUp(): Promise<Running> {
    const [runner, keeper] = [this.get(JobRunner), this.get(ScheduleKeeper)];
    const handlers = this.get(HandlerExplorer).explore();
    await keeper.prepare(handlers.values());
    runner.use(handlers);
    for (const { definition } of handlers.values()) this.get(JobCatalog).record(definition);
    const registry = this.get(WorkerRegistry);
    if (handlers.size > 0) await registry.beat(signOfLife(handlers.values(), this.engine.clock.now()));
    const events = this.get(JobEventSource);
    const worker = new TestWorker(this.engine, runner, events, this.options.patience);
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
