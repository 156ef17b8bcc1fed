import type { Clock } from '../config/clock.js';
import type { EnqueuedJob } from '../contract/enqueue-options.js';
import { EnqueueError, OutcomeUnknownError } from '../contract/errors/enqueue.errors.js';
import type { OutboxHost, RecordedJob, RecordFate, SentRecord } from '../contract/outbox.js';
import { withDeadline } from '../engine/deadline.js';
import { cancelledFailure } from '../engine/failure.js';
import { toStoredId } from '../engine/job-id.js';
import type { PreparedJob } from '../engine/prepared-job.js';
import type { QueueEngine } from '../engine/queue.engine.js';
import type { JobEvents } from '../observability/job-event.stream.js';
import type { JobSender } from '../producer/job.sender.js';
import { fromRecord } from '../producer/recorded-job.js';

/** How long, in milliseconds, Redis may take to say what became of jobs. */
const PATIENCE = 2_000;
/** A job that is sent to be cancelled would start after so many milliseconds. */
const CANCEL_WITHIN = 600_000;
/** Jobs of one call of the sender, which has a second for them. */
const RUN = 250;
/** The states of the engine in which a job has ended. */
const ENDED = new Set(['completed', 'failed']);

/** Recorded jobs of one definition and queue, in their order, with their places among all. */
type Run = { readonly job: PreparedJob; readonly at: number }[];

/** What an outbox asks of Redis. */
export class RedisSide implements OutboxHost {
  constructor(
    readonly app: string,
    private readonly engine: QueueEngine,
    private readonly sender: JobSender,
    private readonly clock: Clock,
    private readonly events: JobEvents,
  ) {}

  async send(records: readonly RecordedJob[]): Promise<readonly SentRecord[]> {
    const outcomes: SentRecord[] = [];
    const byQueue = new Map<string, Run[]>();
    const now = this.clock.now();
    for (const [at, record] of records.entries()) {
      try {
        const job = fromRecord(record, now);
        const runs = byQueue.get(job.queue) ?? [];
        byQueue.set(job.queue, runs);
        const last = runs.at(-1);
        if (last?.[0]!.job.name === job.name && last.length < RUN) last.push({ job, at });
        else runs.push([{ job, at }]);
      } catch (error) {
        outcomes[at] = { refused: messageOf(error) };
      }
    }
    await Promise.all([...byQueue.values()].map((runs) => this.sendRuns(runs, outcomes)));
    return outcomes;
  }

  async sendCancelled(records: readonly RecordedJob[]): Promise<readonly SentRecord[]> {
    return Promise.all(records.map((record) => this.sendOneCancelled(record)));
  }

  async fates(jobs: readonly Pick<RecordedJob, 'name' | 'id' | 'queue'>[]): Promise<readonly RecordFate[]> {
    const places = jobs.map(({ name, id, queue }) => ({ name, queue, storedId: toStoredId(name, id) }));
    const look = async () => {
      await this.engine.usable('read');
      const stored = new Set((await this.engine.jobs.stored(places)).map(({ storedId }) => storedId));
      return Promise.all(
        places.map(async (place): Promise<RecordFate> => {
          if (!stored.has(place.storedId))
            return (await this.engine.ends.remembers([place])) ? 'ended' : 'gone';
          const state = await this.engine.jobs.stateOf(place.queue, place.storedId);
          return ENDED.has(state) ? 'ended' : 'stored';
        }),
      );
    };
    return this.bounded(look());
  }

  async epoch(): Promise<string | undefined> {
    await this.engine.usable('read');
    return this.bounded(this.engine.epoch.read());
  }

  async markEpoch(epoch: string): Promise<string> {
    await this.engine.usable('read');
    return this.bounded(this.engine.epoch.mark(epoch));
  }

  onReady(listener: () => void): () => void {
    return this.engine.onReady(listener);
  }

  /** It is there as a dead one afterwards, for who looks at it, or waits for it. */
  private async sendOneCancelled(record: RecordedJob): Promise<SentRecord> {
    const { name, id, queue } = record;
    try {
      const now = this.clock.now();
      const { options, ...job } = fromRecord(record, now);
      // Neither does it start before it is cancelled, nor does it take the place of another one.
      const { deduplication: _, timestamp = now, ...others } = options;
      const delayed = { ...others, timestamp, delay: now - timestamp + CANCEL_WITHIN };
      await this.sender.sendMany([{ ...job, options: delayed }]);
      const cancel = this.engine.jobs.cancel(
        { name, queue, storedId: toStoredId(name, id) },
        cancelledFailure(id),
      );
      if ((await this.bounded(cancel)) === 'cancelled')
        this.events.emit('cancelled', () => ({ id, name, queue, was: 'waiting' }));
      return { sent: 'created', countsId: id };
    } catch (error) {
      const isItself = error instanceof OutcomeUnknownError || !(error instanceof EnqueueError);
      return isItself && (await this.writes()) ? { refused: messageOf(error) } : { held: messageOf(error) };
    }
  }

  /** One after the other, so that jobs of a queue keep their order; once Redis takes none, the others are not tried. */
  private async sendRuns(runs: readonly Run[], outcomes: SentRecord[]): Promise<void> {
    let held: string | undefined;
    for (const run of runs) {
      if (held === undefined) held = await this.sendRun(run, outcomes);
      else for (const { at } of run) outcomes[at] = { held };
    }
  }

  /** @returns why Redis takes none of this queue */
  private async sendRun(run: Run, outcomes: SentRecord[]): Promise<string | undefined> {
    const { enqueued, error } = await this.trySend(run);
    // In their order: those that failed are left out.
    const next = enqueued.values();
    if (!error) {
      for (const { at } of run) outcomes[at] = sentAs(next.next().value!);
      return undefined;
    }
    if (run.length > 1 && error instanceof OutcomeUnknownError && (await this.writes())) {
      // Redis answers: something is wrong with one of them, or was for a moment. Sending one again makes no second job.
      const half = Math.ceil(run.length / 2);
      const first = await this.sendRun(run.slice(0, half), outcomes);
      return (await this.sendRun(run.slice(half), outcomes)) ?? first;
    }
    const isRefused = error instanceof OutcomeUnknownError && (await this.writes());
    for (const { at } of run)
      outcomes[at] = isRefused ? { refused: messageOf(error.cause ?? error) } : { held: messageOf(error) };
    return isRefused ? undefined : messageOf(error);
  }

  private async trySend(run: Run): Promise<{ enqueued: readonly EnqueuedJob[]; error?: Error }> {
    try {
      return { enqueued: await this.sender.sendMany(run.map(({ job }) => job)) };
    } catch (error) {
      const enqueued = error instanceof EnqueueError ? (error.enqueued as readonly EnqueuedJob[]) : [];
      return { enqueued, error: error as Error };
    }
  }

  /** Whether Redis takes writes at this moment. */
  private async writes(): Promise<boolean> {
    if (!this.engine.ready) return false;
    try {
      await this.bounded(this.engine.epoch.mark('probe'));
      return true;
    } catch {
      return false;
    }
  }

  private async bounded<T>(work: Promise<T>): Promise<T> {
    try {
      return await withDeadline(work, PATIENCE, () => new Error('no answer in time'));
    } catch (error) {
      throw await this.engine.readError(error);
    }
  }
}

function sentAs({ id, status }: EnqueuedJob): SentRecord {
  return { sent: status === 'recorded' ? 'created' : status, countsId: id };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
