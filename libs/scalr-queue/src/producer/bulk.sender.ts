import { setImmediate as turn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { untilAborted } from '../engine/abort.watch.js';
import { EnqueueAbortedError, EnqueueError, OutcomeUnknownError } from '../contract/errors/enqueue.errors.js';
import type { EnqueuedJob } from '../contract/enqueue-options.js';
import { counted } from '../contract/counted.js';
import { BULK_SLICE, BULK_SLICES_IN_FLIGHT } from '../contract/defaults.js';
import type { AnyJobDefinition } from '../contract/job-definition.js';
import { Tracing } from '../tracing/tracing.js';
import { JobSender } from './job.sender.js';
import type { PreparedJob } from '../engine/prepared-job.js';

/** Sends any number of jobs in slices, a few of them at a time, so that no other app is held up. */
@Injectable()
export class BulkSender {
  constructor(
    private readonly sender: JobSender,
    private readonly tracing: Tracing,
  ) {}

  /**
   * @returns what became of each, in order
   * @throws the first failure; what was enqueued all the same is in its `enqueued`
   */
  send(
    definition: AnyJobDefinition,
    jobs: Iterable<PreparedJob> | AsyncIterable<PreparedJob>,
    signal?: AbortSignal,
  ): Promise<EnqueuedJob[]> {
    return this.tracing.enqueueMany(definition, () => this.sendSlices(jobs, signal));
  }

  private async sendSlices(
    jobs: Iterable<PreparedJob> | AsyncIterable<PreparedJob>,
    signal?: AbortSignal,
  ): Promise<EnqueuedJob[]> {
    const outcomes: EnqueuedJob[][] = [];
    const failures: unknown[] = [];
    const inFlight = new Set<Promise<void>>();
    try {
      for await (const slice of untilAborted(slicesOf(jobs), signal)) {
        const place = outcomes.push([]) - 1;
        const sending: Promise<void> = this.sender
          .sendMany(slice, signal)
          .then(
            (outcome) => void (outcomes[place] = outcome),
            (error: unknown) => {
              failures.push(error);
              if (error instanceof EnqueueError) outcomes[place] = error.enqueued as EnqueuedJob[];
            },
          )
          .finally(() => inFlight.delete(sending));
        inFlight.add(sending);
        // Lets the slice go out, and the rest of the app run: Redis works on it while the next one is made.
        await turn();
        if (inFlight.size >= BULK_SLICES_IN_FLIGHT) await Promise.race(inFlight);
        if (failures.length > 0) break;
      }
    } catch (error) {
      // A wrong item, or a source that threw.
      failures.push(error);
    }
    await Promise.all(inFlight);
    if (failures.length > 0) throw withEnqueued(failures, outcomes.flat(), signal);
    return outcomes.flat();
  }
}

async function* slicesOf(
  jobs: Iterable<PreparedJob> | AsyncIterable<PreparedJob>,
): AsyncGenerator<PreparedJob[]> {
  if (Array.isArray(jobs)) {
    // Nothing to wait for between two of them.
    for (let start = 0; start < jobs.length; start += BULK_SLICE) yield jobs.slice(start, start + BULK_SLICE);
    return;
  }
  let slice: PreparedJob[] = [];
  for await (const job of jobs) {
    slice.push(job);
    if (slice.length < BULK_SLICE) continue;
    yield slice;
    slice = [];
  }
  if (slice.length > 0) yield slice;
}

/** One error for all that failed: where any outcome is unknown, that is what the caller must know. */
function withEnqueued(
  failures: readonly unknown[],
  enqueued: readonly EnqueuedJob[],
  signal: AbortSignal | undefined,
): unknown {
  const unknown = failures.filter((failure) => failure instanceof OutcomeUnknownError);
  const [first] = failures;
  const error =
    unknown.length > 1
      ? new OutcomeUnknownError(
          unknown[0]!.message,
          unknown.flatMap(({ jobIds }) => jobIds),
          { cause: unknown[0]!.cause },
        )
      : (unknown[0] ?? first);
  // The reason is the caller's own, and may be that of other calls as well.
  if (signal?.aborted && error === signal.reason)
    return enqueued.length > 0 ? new EnqueueAbortedError(enqueued, { cause: error }) : error;
  if (error instanceof EnqueueError) {
    error.enqueued = enqueued;
    // The refusal was that of one slice.
    if (enqueued.length > 0) error.message = error.message.replace(NOTHING, someOf(enqueued.length));
  } else if (error instanceof Error && Object.isExtensible(error)) {
    // A wrong item, or the source: who goes on from here must know what is there.
    Object.assign(error, { enqueued });
  }
  return error;
}

const NOTHING = /Nothing was enqueued(; it is safe to try again)?/;
const someOf = (count: number): string =>
  `${counted(count, 'job')} of this call ${count === 1 ? 'was' : 'were'} enqueued all the same, see error.enqueued`;
