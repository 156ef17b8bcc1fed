import { Inject, Injectable } from '@nestjs/common';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { OUTBOX_BATCH } from '../contract/defaults.js';
import type { EnqueuedJob } from '../contract/enqueue-options.js';
import { InvalidOptionError, QueueConfigError } from '../contract/errors/configuration.errors.js';
import { EnqueueError } from '../contract/errors/enqueue.errors.js';
import type { AnyJobDefinition } from '../contract/job-definition.js';
import type { Outbox } from '../contract/outbox.js';
import { effectiveSettings } from '../engine/effective-settings.js';
import { outcomeUnknown } from '../engine/outcome-unknown.js';
import { onAbort } from '../engine/abort.watch.js';
import type { PreparedJob } from '../engine/prepared-job.js';
import { Tracing } from '../tracing/tracing.js';
import { toRecord } from './recorded-job.js';

/** Where a job of a call goes: to Redis at once, or into the outbox, within a transaction or on its own. */
export type Route = 'send' | { readonly tx: unknown };

/** Records prepared jobs in the outbox of the app. */
@Injectable()
export class JobRecorder {
  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly app: ResolvedOptions,
    private readonly tracing: Tracing,
  ) {}

  /**
   * @param tx as the caller gave it: a transaction, true for the one that the code is in, false for none
   * @throws InvalidOptionError, QueueConfigError
   */
  route(definition: AnyJobDefinition, tx: unknown): Route {
    const { outbox } = this.app;
    const durable = definition.settings.durable === true;
    if (!outbox) {
      if (!durable && (tx === undefined || tx === false)) return 'send';
      throw this.noOutbox(durable ? `the job "${definition.name}" is durable` : 'enqueue was given tx');
    }
    if (tx === false) return durable ? { tx: undefined } : 'send';
    if (tx !== undefined && tx !== true) return { tx };
    const ambient = outbox.ambient();
    if (ambient === undefined) {
      if (tx === true)
        throw new InvalidOptionError(
          'tx: true means the transaction that the code is in, and the outbox knows of none: begin one, or give it as tx',
        );
      return durable ? { tx: undefined } : 'send';
    }
    if (tx === undefined && outbox.strict && !durable)
      throw new InvalidOptionError(
        `enqueue of "${definition.name}" in the middle of a transaction, which may roll back: give { tx: true } to let the job commit ` +
          'with it, or { tx: false } to enqueue it at once (the outbox is strict)',
      );
    return { tx: ambient };
  }

  /** @throws what the outbox throws; the reason of `signal` where nothing was sent */
  record(
    definition: AnyJobDefinition,
    job: PreparedJob,
    tx: unknown,
    signal?: AbortSignal,
  ): Promise<EnqueuedJob> {
    return this.tracing.enqueue(definition, async () => {
      const [recorded] = await this.write(definition, [job], tx, signal);
      return recorded!;
    });
  }

  /** In slices, one statement each. @throws as {@link record}; without `tx`, what was recorded before is in `enqueued` */
  recordMany(
    definition: AnyJobDefinition,
    jobs: Iterable<PreparedJob> | AsyncIterable<PreparedJob>,
    tx: unknown,
    signal?: AbortSignal,
  ): Promise<EnqueuedJob[]> {
    return this.tracing.enqueueMany(definition, async () => {
      const recorded: EnqueuedJob[] = [];
      let slice: PreparedJob[] = [];
      const flush = async () => {
        if (slice.length > 0) recorded.push(...(await this.write(definition, slice, tx, signal)));
        slice = [];
      };
      try {
        for await (const job of jobs) {
          slice.push(job);
          if (slice.length >= OUTBOX_BATCH) await flush();
        }
        await flush();
      } catch (error) {
        // In the transaction of the caller nothing counts before the commit.
        if (tx === undefined && error instanceof EnqueueError) error.enqueued = recorded;
        throw error;
      }
      return recorded;
    });
  }

  private async write(
    definition: AnyJobDefinition,
    jobs: readonly PreparedJob[],
    tx: unknown,
    signal?: AbortSignal,
  ): Promise<EnqueuedJob[]> {
    signal?.throwIfAborted();
    const { keepIds } = effectiveSettings(definition, this.app);
    const records = jobs.map((job) =>
      toRecord({ ...job, options: this.tracing.carried(job.options) }, definition, keepIds),
    );
    await settled(
      this.outbox().record(this.app.app, records, tx),
      jobs.map(({ id }) => id),
      signal,
    );
    return jobs.map(({ id, name, queue }) => ({ id, name, queue, status: 'recorded' }));
  }

  private outbox(): Outbox {
    const { outbox } = this.app;
    if (!outbox) throw this.noOutbox('a job is to be recorded');
    return outbox;
  }

  private noOutbox(why: string): QueueConfigError {
    return new QueueConfigError(
      `${why}, and the app has no outbox: give ScalrQueueModule.forRoot({ outbox: postgresOutbox({ … }) }), of scalr-queue/outbox`,
    );
  }
}

/** Whoever aborts while the statement is under way does not learn whether it did its work. */
function settled(
  work: Promise<void>,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const forget = onAbort(signal, () =>
      reject(outcomeUnknown('aborted before the answer of PostgreSQL for', ids, signal.reason)),
    );
    void work.then(resolve, reject).finally(forget);
  });
}
