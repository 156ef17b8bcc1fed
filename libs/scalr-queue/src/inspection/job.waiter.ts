import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { setMaxListeners } from 'node:events';
import { settlesWithin } from '../engine/deadline.js';
import { onAbort, unlessAborted } from '../engine/abort.watch.js';
import { JobFailedError, JobNotKeptError, WaitTimeoutError } from '../contract/errors/outcome.errors.js';
import { QueueClosedError, QueueUnavailableError } from '../contract/errors/enqueue.errors.js';
import { toStoredId } from '../engine/job-id.js';
import type { JobRef } from '../contract/job-ref.js';
import type { FoundJob, Place } from '../engine/found-job.js';
import type { JobEnd } from '../engine/job-end.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { endOf, resultOf } from './job.end.js';
import { toJobInfo } from './job-info.mapper.js';
import { JobReader, type RefParts, refParts } from './job.reader.js';
import { QueueEngine } from '../engine/queue.engine.js';

/**
 * How soon, and how often at the least, a wait looks at the job itself, in case its event was missed: the connection was
 * not up yet, or the stream was trimmed.
 */
const FIRST_LOOK = 50;
const LAST_LOOK = 1_000;

/**
 * Waits for jobs to finish. Its end is heard, and the wait then looks at the job itself, so a result that came before the wait,
 * or whose event was lost, is found all the same; the event counts where the job is not kept.
 */
@Injectable()
export class JobWaiter implements OnApplicationShutdown {
  private readonly closing = new AbortController();

  constructor(
    private readonly reader: JobReader,
    private readonly engine: QueueEngine,
    @Inject(RESOLVED_OPTIONS) private readonly app: Pick<ResolvedOptions, 'clock'>,
  ) {
    // Every wait listens.
    setMaxListeners(0, this.closing.signal);
  }

  /** The result of the job; rejects with JobFailedError, JobCancelledError, JobNotKeptError, WaitTimeoutError or QueueClosedError. */
  async wait(ref: JobRef, timeout: number, signal?: AbortSignal): Promise<unknown> {
    signal?.throwIfAborted();
    return unlessAborted(this.watch(ref, timeout, signal), signal);
  }

  private async watch(ref: JobRef, timeout: number, signal?: AbortSignal): Promise<unknown> {
    const parts = refParts(ref);
    const { id } = parts;
    const { clock } = this.app;
    const deadline = clock.now() + timeout;
    let wake: () => void = () => undefined;
    let heard: JobEnd | undefined;
    let stop: (() => void) | undefined;
    const forget = signal && onAbort(signal, () => wake());
    const disarm = clock.after(timeout, () => wake());
    const listen = ({ queue, storedId }: Place): Promise<void> => {
      const listener = this.engine.ends.listen(queue, storedId, (end) => {
        heard = end;
        wake();
      });
      ({ stop } = listener);
      return listener.listening;
    };
    let place = placeOf(ref);
    /** A recorded job may not have come to Redis yet. */
    let isKnown = false;
    try {
      // Before the first look, so that an end between the two is heard.
      if (place) await settlesWithin(listen(place), Math.min(timeout, LAST_LOOK), false);
      for (let pause = FIRST_LOOK; ; pause = Math.min(2 * pause, LAST_LOOK)) {
        const woken = new Promise<void>((resolve) => (wake = resolve));
        const found = await this.look(ref, place, isKnown || heard !== undefined).catch((error: unknown) => {
          // An outage is waited out: the job may finish meanwhile.
          if (!(error instanceof QueueUnavailableError) || clock.now() >= deadline) throw error;
          return 'unreachable' as const;
        });
        if (found === undefined) return (await this.endOfGone(parts, place, heard)).result;
        if (typeof found !== 'string') {
          isKnown = true;
          const ended = endOf(toJobInfo(found));
          if (ended) return ended.result;
          // Of an earlier life: it was put back since.
          heard = undefined;
          if (!place) {
            place = { queue: found.job.queueName, storedId: found.job.id ?? '' };
            void listen(place);
          }
        }
        signal?.throwIfAborted();
        if (this.closing.signal.aborted)
          throw new QueueClosedError('stopped waiting: the application is shutting down');
        const left = deadline - clock.now();
        if (left <= 0) throw new WaitTimeoutError(id, timeout);
        await sleepUnless(woken, Math.min(left, pause), this.closing.signal);
      }
    } finally {
      stop?.();
      forget?.();
      disarm();
    }
  }

  onApplicationShutdown(): void {
    this.closing.abort();
  }

  /** @param isKnown whether it was seen, or its end heard of @returns `to-come` for a job that the outbox may still have */
  private async look(
    ref: JobRef,
    place: Place | undefined,
    isKnown: boolean,
  ): Promise<FoundJob | undefined | 'to-come'> {
    const found = await this.reader.find(ref);
    if (found || isKnown || !place || !isRecorded(ref)) return found;
    // It may have come, and ended, and not be kept.
    const hasBeen = await this.reader.bounded(
      async () => (await this.engine.ends.find([place])) !== undefined || this.engine.ends.remembers([place]),
    );
    return hasBeen ? undefined : 'to-come';
  }

  /**
   * How a job ended that is not stored.
   * @throws JobNotKeptError where it was stored and nobody knows any more, JobFailedError where it never was as far as is known
   */
  private async endOfGone(
    { id, ...parts }: RefParts,
    place: Place | undefined,
    heard: JobEnd | undefined,
  ): Promise<{ result: unknown }> {
    if (heard) return resultOf(id, heard);
    const { end, hasEnded } = await this.reader.bounded(async () => {
      const places = place ? [place] : await this.reader.placesOf({ id, ...parts });
      const found = await this.engine.ends.find(places);
      return {
        end: found,
        hasEnded: place !== undefined || (!found && (await this.engine.ends.remembers(places))),
      };
    });
    if (end) return resultOf(id, end);
    if (hasEnded) throw new JobNotKeptError(id);
    throw new JobFailedError(id, 'not-found', 'no such job is stored (any more)');
  }
}

/** Whether Redis may not have heard of the job. */
const isRecorded = (ref: JobRef): boolean =>
  typeof ref !== 'string' && (ref as { status?: unknown }).status === 'recorded';

/** Of a job that `enqueue` has answered with. */
function placeOf(ref: JobRef): Place | undefined {
  if (typeof ref === 'string') return undefined;
  const { id, name, queue } = ref as { id: string; name: string; queue?: unknown };
  return typeof queue === 'string' ? { queue, storedId: toStoredId(name, id) } : undefined;
}

async function sleepUnless(woken: Promise<void>, ms: number, signal: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  await Promise.race([
    woken,
    new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
      onAbort = () => resolve();
      signal.addEventListener('abort', onAbort, { once: true });
    }),
  ]);
  clearTimeout(timer);
  if (onAbort) signal.removeEventListener('abort', onAbort);
}
