import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { setImmediate as turn } from 'node:timers/promises';
import { InvalidOptionError } from '../contract/errors/configuration.errors.js';
import type { AnyJobDefinition, InputOf } from '../contract/job-definition.js';
import { MAX_DURATION } from '../contract/defaults.js';
import type { Duration } from '../contract/duration.js';
import { OptionChecker } from '../contract/option-checker.js';
import { type EnqueuedRecord, recordOf } from './enqueued.record.js';
import { EnqueueExpectationError, type EnqueueExpectation, matching } from './enqueue.expectation.js';
import { EnqueueLog } from './enqueue.log.js';
import type { RunOutcome } from './run-outcome.js';
import type { RunJobOptions } from './run-job.options.js';
import { type DrainOutcome, Tally } from './tally.js';
import { TestHarness } from './test.harness.js';
import { VirtualClock } from './virtual.clock.js';

const check = new OptionChecker(InvalidOptionError);

/**
 * The queue in the hands of a test: what was enqueued, running it, the time, and faults. Get it with
 * `module.get(TestQueue)`.
 */
@Injectable()
export class TestQueue implements OnApplicationBootstrap {
  /** @internal */
  constructor(
    private readonly log: EnqueueLog,
    private readonly harness: TestHarness,
    private readonly clock: VirtualClock,
  ) {}

  /**
   * The jobs that were enqueued since the beginning or the last `clear`, in order, with any outcome; those of a
   * schedule are not among them.
   */
  enqueued<D extends AnyJobDefinition = AnyJobDefinition>(definition?: D): EnqueuedRecord<D>[] {
    const jobs = this.log.jobs.filter(({ name }) => definition === undefined || name === definition.name);
    return jobs.map((job) => recordOf<D>(job));
  }

  /**
   * Checks that such a job was enqueued.
   *
   * @returns the jobs that are as expected
   * @throws EnqueueExpectationError, which shows how each job that was enqueued differs
   *
   * @example
   * queue.expectEnqueued(SendInvoice, { payload: { invoiceId }, delay: '10m', times: 1 });
   */
  expectEnqueued<D extends AnyJobDefinition>(
    definition: D,
    expectation: EnqueueExpectation<D> = {},
  ): EnqueuedRecord<D>[] {
    return matching(definition, expectation, this.enqueued<D>());
  }

  /**
   * Checks that no such job was enqueued; without a definition, that no job at all was.
   * @throws EnqueueExpectationError
   */
  expectNotEnqueued<D extends AnyJobDefinition>(
    definition?: D,
    expectation: Omit<EnqueueExpectation<D>, 'times'> = {},
  ): void {
    if (definition) return void matching(definition, { ...expectation, times: 0 }, this.enqueued(definition));
    const names = this.enqueued().map(({ name }) => name);
    if (names.length === 0) return;
    throw new EnqueueExpectationError(
      `expected no job to be enqueued, got ${names.length}: ${names.join(', ')}`,
      [],
      names,
    );
  }

  /** Forgets all jobs, faults and what was recorded. The clock and the schedules stay as they are. */
  clear(): void {
    this.log.clear();
    this.harness.engine.memory.clear();
  }

  /**
   * Runs the jobs whose time has come, one after the other, and those that they enqueue for now: validated, timed, retried and
   * dead-lettered as in production. Retries and delayed jobs wait for `advance`.
   *
   * @returns how many attempts ended how
   * @throws DuplicateHandlerError, QueueConfigError where a worker would not start
   */
  async drain(): Promise<DrainOutcome> {
    await turn();
    return this.harness.drain();
  }

  /**
   * Lets time pass while a worker works: every delayed job, retry and slot runs at its time.
   *
   * @returns how many attempts ended how
   *
   * @example
   * await queue.advance('1h');
   */
  async advance(time: Duration): Promise<DrainOutcome> {
    const end = this.clock.now() + check.duration('the time to advance', time, 0, MAX_DURATION);
    const tally = new Tally();
    tally.add(await this.drain());
    for (let next = this.harness.nextDue; next <= end; next = this.harness.nextDue) {
      this.clock.moveTo(next);
      tally.add(await this.drain());
    }
    this.clock.moveTo(end);
    tally.add(await this.drain());
    return tally.outcome;
  }

  /**
   * Lets time pass while no worker works: jobs expire and slots are missed, which shows at the next `drain`. Timeouts of
   * handlers that run, and the patience of those who wait for a job, end on the way.
   */
  async travel(time: Duration): Promise<void> {
    await turn();
    const end = this.clock.now() + check.duration('the time to travel', time, 0, MAX_DURATION);
    this.clock.moveTo(end);
    await turn();
  }

  /** What the virtual clock shows. */
  get now(): Date {
    return new Date(this.clock.now());
  }

  /**
   * Runs one attempt of the handler of a definition, without enqueueing anything: for the unit test of a handler.
   *
   * @param options which attempt it is, and what else the context holds
   * @returns how it ended, as a value
   * @throws PayloadInvalidError and others, as `enqueue` does; UnknownJobError when there is no handler
   *
   * @example
   * const outcome = await queue.runJob(SendInvoice, { invoiceId }, { attempt: 5 });
   */
  runJob<D extends AnyJobDefinition>(
    definition: D,
    payload: InputOf<D>,
    options: RunJobOptions = {},
  ): Promise<RunOutcome<D>> {
    return this.harness.runJob(definition, payload, options);
  }

  /** From now on Redis cannot be reached: `enqueue` fails with `QueueUnavailableError`, and nothing runs. */
  down(): void {
    this.harness.engine.memory.fault = 'down';
  }

  /**
   * From now on Redis takes commands but does not answer: `enqueue` fails at once with `OutcomeUnknownError`.
   * @param what whether the job is stored anyway. Defaults to true.
   */
  hang({ stored = true }: { readonly stored?: boolean } = {}): void {
    this.harness.engine.memory.fault = stored ? 'hang-stored' : 'hang-lost';
  }

  /** From now on Redis has no memory left: `enqueue` fails with `QueueFullError`. Jobs still run. */
  full(): void {
    this.harness.engine.memory.fault = 'full';
  }

  /** Ends the fault. */
  up(): void {
    this.harness.engine.memory.fault = undefined;
  }

  /** Called by Nest. */
  async onApplicationBootstrap(): Promise<void> {
    await this.harness.boot();
  }
}
