import { Inject, Injectable } from '@nestjs/common';
import { unlessAborted } from '../engine/abort.watch.js';
import { InvalidOptionError } from '../contract/errors/configuration.errors.js';
import type { EnqueueError } from '../contract/errors/enqueue.errors.js';
import { ScalrQueueError } from '../contract/errors/scalr-queue.error.js';
import type { EnqueuedJob, EnqueueOptions } from '../contract/enqueue-options.js';
import {
  type AnyJobDefinition,
  type InputOf,
  isJobDefinition,
  type ResultOf,
} from '../contract/job-definition.js';
import { carriedBy, inherited } from '../engine/carried-context.js';
import { JobHooks } from '../hooks/job.hooks.js';
import type { EnqueueOutcome } from '../contract/job-hook.js';
import { JobWaiter } from '../inspection/job.waiter.js';
import { JobEvents } from '../observability/job-event.stream.js';
import type { Duration } from '../contract/duration.js';
import { OptionChecker } from '../contract/option-checker.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { BulkSender } from './bulk.sender.js';
import { type EnqueueArguments, type EnqueueItems, isItem, isIterable } from './enqueue-arguments.js';
import { JobRecorder, type Route } from './job.recorder.js';
import { JobSender } from './job.sender.js';
import { WorkerWatch } from './worker.watch.js';
import type { PreparedJob } from '../engine/prepared-job.js';
import { checkCall, markWaited, prepareJob } from './prepared-job.js';

const check = new OptionChecker(InvalidOptionError);

/**
 * Puts jobs into the queue: the one service that most of an app needs.
 *
 * Every call settles within 1.1 s, whatever Redis does, and within 50 ms when Redis is known to be down. A process that blocks itself for
 * longer gets a quarter of a second more to hear the answer.
 */
@Injectable()
export class EnqueueService {
  /** @internal */
  constructor(
    private readonly sender: JobSender,
    private readonly bulk: BulkSender,
    private readonly recorder: JobRecorder,
    private readonly waiter: JobWaiter,
    private readonly events: JobEvents,
    private readonly watch: WorkerWatch,
    private readonly hooks: JobHooks,
    @Inject(RESOLVED_OPTIONS) private readonly app: ResolvedOptions,
  ) {}

  /**
   * Enqueues one job.
   *
   * @throws InvalidOptionError, PayloadInvalidError, PayloadNotSerializableError, PayloadTooLargeError, UnknownJobError
   * before anything is sent; QueueUnavailableError when nothing was enqueued; OutcomeUnknownError when that is not known;
   * QueueFullError when Redis has no memory; UnhandledJobError with `unhandled: 'refuse'`; QueueClosedError after the shutdown;
   * the reason of `signal` when that aborts before the job is sent, and nothing is enqueued then
   *
   * @example
   * const job = await this.jobs.enqueue(SendInvoice, { invoiceId }, { delay: '10m' });
   */
  enqueue<D extends AnyJobDefinition>(
    definition: D,
    ...[payload, options = {}]: EnqueueArguments<D>
  ): Promise<EnqueuedJob> {
    return this.enqueueOne(definition, payload, options, false);
  }

  private enqueueOne(
    definition: AnyJobDefinition,
    payload: unknown,
    options: EnqueueOptions<never>,
    waited: boolean,
  ): Promise<EnqueuedJob> {
    if (!this.hooks.any) return this.sendOne(definition, payload, options, waited);
    const send = (given: EnqueueOptions<never>) => this.sendOne(definition, payload, given, waited);
    return this.throughHooks(definition, payload, options, false, send);
  }

  private async sendOne(
    definition: AnyJobDefinition,
    payload: unknown,
    options: EnqueueOptions<never>,
    waited: boolean,
  ): Promise<EnqueuedJob> {
    try {
      const preparing = prepareJob(definition, payload, options, this.app);
      // Most jobs are ready at once; waiting for them all the same would cost each call a turn, and the memory to keep it.
      const job = preparing instanceof Promise ? await unlessAborted(preparing, options.signal) : preparing;
      if (waited) markWaited(job);
      options.signal?.throwIfAborted();
      const route = this.routeOf(definition, options.tx);
      if (waited && route !== 'send' && route.tx !== undefined)
        throw new InvalidOptionError(
          'enqueueAndWait cannot be used in a transaction: the job runs after the commit, which cannot come before the call returns. ' +
            'Use enqueue, and JobsService.waitFor after the commit',
        );
      if (route !== 'send') return await this.recorder.record(definition, job, route.tx, options.signal);
      this.watch.admit(definition);
      const enqueued = await this.sender.send(job, options.signal);
      this.watch.note(definition);
      return enqueued;
    } catch (error) {
      this.tellFailure(definition, error);
      throw error;
    }
  }

  /**
   * Enqueues many jobs of one definition, in slices that keep other apps from waiting. An array is checked as a whole before
   * anything is sent; of any other iterable each slice is.
   *
   * @param items payloads, or `{ payload, options }` with options of their own, in any iterable or async iterable
   * @param options for all of them; `id` can only be given per item
   * @returns what became of each, in order
   * @throws what `enqueue` throws; the message of a wrong item names its index, and `error.enqueued` lists the jobs that were
   * enqueued all the same; EnqueueAbortedError when `signal` aborts after some of them were
   */
  enqueueMany<D extends AnyJobDefinition>(
    definition: D,
    items: Iterable<EnqueueItems<D>> | AsyncIterable<EnqueueItems<D>>,
    options: Omit<EnqueueOptions<InputOf<D>>, 'id'> = {},
  ): Promise<EnqueuedJob[]> {
    if (!this.hooks.any) return this.sendMany(definition, items, options);
    const send = (given: EnqueueOptions<never>) => this.sendMany(definition, items, given as typeof options);
    return this.throughHooks(definition, items, options, true, send);
  }

  private async sendMany<D extends AnyJobDefinition>(
    definition: D,
    items: Iterable<EnqueueItems<D>> | AsyncIterable<EnqueueItems<D>>,
    options: Omit<EnqueueOptions<InputOf<D>>, 'id'>,
  ): Promise<EnqueuedJob[]> {
    try {
      checkCall(definition, options, this.app);
      if ('id' in options)
        throw new InvalidOptionError(
          'expected id to be given per item of enqueueMany, as { payload, options: { id } }',
        );
      if (!isIterable(items)) check.fail('the items of enqueueMany', 'an iterable or async iterable', items);
      options.signal?.throwIfAborted();
      const route = this.routeOf(definition, options.tx);
      if (route === 'send') this.watch.admit(definition);
      const jobs = Array.isArray(items)
        ? await this.prepareAll(definition, items as EnqueueItems<D>[], options)
        : this.prepareEach(definition, items, options);
      if (route !== 'send') return await this.recorder.recordMany(definition, jobs, route.tx, options.signal);
      const enqueued = await this.bulk.send(definition, jobs, options.signal);
      if (enqueued.length > 0) this.watch.note(definition);
      return enqueued;
    } catch (error) {
      const { enqueued = [] } = (error ?? {}) as Partial<EnqueueError>;
      if (enqueued.length > 0) this.watch.note(definition);
      this.tellFailure(definition, error);
      throw error;
    }
  }

  /**
   * Enqueues a job and waits for its result. For a duplicate it waits for the job that is there.
   *
   * @param options those of `enqueue`, and `waitFor`: the longest time to wait, mandatory
   * @throws what `enqueue` throws; JobFailedError when the job is dead, JobCancelledError when it was cancelled,
   * WaitTimeoutError when the time is over (the job goes on), JobNotKeptError when a duplicate has finished and is not kept; the
   * reason of `signal` when that aborts while the job is waited for (the job goes on, too)
   *
   * @example
   * const { messageId } = await this.jobs.enqueueAndWait(SendInvoice, { invoiceId }, { waitFor: '10s' });
   */
  async enqueueAndWait<D extends AnyJobDefinition>(
    definition: D,
    payload: InputOf<D>,
    options: EnqueueOptions<InputOf<D>> & { readonly waitFor: Duration },
  ): Promise<ResultOf<D>> {
    const { waitFor, ...others } = (options as Partial<typeof options> | null | undefined) ?? {};
    const timeout = check.duration('waitFor', waitFor, 1);
    const job = await this.enqueueOne(definition, payload, others, true);
    return this.waiter.wait(job, timeout, others.signal);
  }

  /** Costs nothing for an app without an outbox. */
  private routeOf(definition: AnyJobDefinition, tx: unknown): Route {
    if (tx === undefined && !this.app.outbox && !definition.settings.durable) return 'send';
    return this.recorder.route(definition, tx);
  }

  private async throughHooks<Outcome extends EnqueueOutcome>(
    definition: AnyJobDefinition,
    payload: unknown,
    given: EnqueueOptions<never>,
    many: boolean,
    send: (options: EnqueueOptions<never>) => Promise<Outcome>,
  ): Promise<Outcome> {
    let told: unknown;
    try {
      checkCall(definition, given, this.app);
      const former = inherited();
      const options = { ...given } as EnqueueOptions;
      const context = { ...carriedBy(definition.name, given.context) };
      // What a hook has taken out of it is not inherited either.
      const gone = Object.fromEntries(Object.keys({ ...former }).map((key) => [key, undefined]));
      const call = { definition, many, payload, options, context };
      return (await this.hooks.enqueue(call, async () => {
        try {
          // A hook may have set the option, too.
          const set = options.context === given.context ? undefined : options.context;
          const all = { ...gone, ...context, ...set };
          return await send({ ...(options as EnqueueOptions<never>), context: all });
        } catch (error) {
          told = error;
          throw error;
        }
      })) as Outcome;
    } catch (error) {
      if (error !== told) this.tellFailure(definition, error);
      throw error;
    }
  }

  private tellFailure(definition: unknown, error: unknown): void {
    const { name, queue }: { name?: string; queue?: string } = isJobDefinition(definition) ? definition : {};
    const code = error instanceof ScalrQueueError ? error.code : 'OTHER';
    this.events.emit('enqueue-failed', () => ({ name, queue, code }));
  }

  private async prepareAll<D extends AnyJobDefinition>(
    definition: D,
    items: EnqueueItems<D>[],
    options: EnqueueOptions,
  ): Promise<PreparedJob[]> {
    const prepared: PreparedJob[] = [];
    for (const [index, item] of items.entries()) {
      const job = this.prepareItem(definition, item, options, index);
      prepared.push(job instanceof Promise ? await unlessAborted(job, options.signal) : job);
    }
    return prepared;
  }

  private async *prepareEach<D extends AnyJobDefinition>(
    definition: D,
    items: Iterable<EnqueueItems<D>> | AsyncIterable<EnqueueItems<D>>,
    options: EnqueueOptions,
  ): AsyncGenerator<PreparedJob> {
    let index = 0;
    for await (const item of items) yield await this.prepareItem(definition, item, options, index++);
  }

  private prepareItem<D extends AnyJobDefinition>(
    definition: D,
    item: EnqueueItems<D>,
    options: EnqueueOptions,
    index: number,
  ): PreparedJob | Promise<PreparedJob> {
    const complain = (error: unknown): never => {
      if (error instanceof Error) error.message = `item ${index} of enqueueMany: ${error.message}`;
      throw error;
    };
    try {
      if (isItem(item) && 'tx' in item.options)
        throw new InvalidOptionError('expected tx to be given for all items of enqueueMany, not for one');
      const job = isItem(item)
        ? prepareJob(definition, item.payload, optionsOf(definition, item.options, options), this.app)
        : prepareJob(definition, item, options, this.app);
      return job instanceof Promise ? job.catch(complain) : job;
    } catch (error) {
      return complain(error);
    }
  }
}

/** Those of an item, with those of the call where it has none; what it carries is added to what all do. */
function optionsOf(
  { name }: AnyJobDefinition,
  own: EnqueueOptions<never>,
  all: EnqueueOptions,
): EnqueueOptions<never> {
  const merged = { ...all, ...own } as EnqueueOptions<never>;
  if (all.context === undefined) return merged;
  if (own.context === undefined) return { ...merged, context: all.context };
  // As they are given: a copy would hide getters and classes.
  for (const context of [all.context, own.context]) carriedBy(name, context);
  return { ...merged, context: { ...all.context, ...own.context } };
}
