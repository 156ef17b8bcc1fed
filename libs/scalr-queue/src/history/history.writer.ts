import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { WORKER_HEARTBEAT } from '../contract/defaults.js';
import type { WorkerInfo } from '../contract/worker-info.js';
import type { StringChange } from '../engine/history-strings.js';
import { QueueEngine } from '../engine/queue.engine.js';
import { JobEvents } from '../observability/job-event.stream.js';
import { redactText } from '../observability/redaction.js';
import { changesOf, type Flush, lifeMark } from './history.changes.js';
import { COARSE, MINUTE } from './layout.js';
import { HistoryTally } from './tally.js';

/** A little less than a heartbeat, as timers are not exact: what comes between two of them, such as a change of state, writes nothing. */
const MIN_INTERVAL = WORKER_HEARTBEAT - 500;

type Busy = Pick<WorkerInfo, 'runningJobs'>;

/**
 * Writes the history of the app from its workers: each adds what it has counted since its last heartbeat. The clock is that of the process: it is
 * the one that the log lines of the same jobs tell, costs no question, and decides only about the cell, never about a length. What is refused is
 * dropped, so that a gap stays a gap and is no peak later.
 */
@Injectable()
export class HistoryWriter {
  private readonly logger = new Logger('ScalrQueue');
  private readonly tally: HistoryTally;
  private readonly days: number | undefined;
  private flushedAt = -Infinity;
  private flushing?: Promise<void>;
  /** The last minute that was to be marked, and the last one that was. */
  private tried = -Infinity;
  private marked = -Infinity;
  /** Whether the mark of the minute before was found where it was left: nothing was emptied since. */
  private kept = false;
  /** Of the ten minutes that began then, the highest ages. */
  private highest = { cell: -Infinity, ages: new Map<string, number>() };
  private refused = false;

  constructor(
    private readonly engine: QueueEngine,
    events: JobEvents,
    @Inject(RESOLVED_OPTIONS) private readonly app: Pick<ResolvedOptions, 'history' | 'clock'>,
  ) {
    this.tally = new HistoryTally((name) => engine.types.knows(name));
    this.days = app.history === false ? undefined : app.history.days;
    if (this.days !== undefined) this.listen(events);
  }

  /** With each heartbeat, in the background: an idle worker writes one mark a minute. Never rejects. */
  async beat(worker: WorkerInfo): Promise<void> {
    if (this.days === undefined || this.flushing) return;
    if (performance.now() - this.flushedAt < MIN_INTERVAL) return;
    await this.flush(worker, this.days);
  }

  /** What is left, at the end, and that the worker has shut down. Never rejects. */
  async end(worker: WorkerInfo): Promise<void> {
    if (this.days === undefined) return;
    // Before what is left is written, which may take longer than there is time.
    const goodbye = this.engine.workers.noteGone(worker).catch(() => undefined);
    await this.flushing;
    await this.flush(worker, this.days);
    await goodbye;
  }

  private listen(events: JobEvents): void {
    const { tally } = this;
    events.on('started', ({ queue, waitMs }) => {
      if (waitMs !== undefined) tally.waited(queue, waitMs);
    });
    events.on('completed', ({ name, runMs }) => tally.ended(name, 'done', runMs));
    events.on('retrying', ({ name, runMs }) => tally.ended(name, 'failed', runMs));
    events.on('dead', ({ name, runMs }) => tally.ended(name, 'dead', runMs));
  }

  private flush(worker: WorkerInfo, days: number): Promise<void> {
    this.flushedAt = performance.now();
    this.flushing = this.write(worker, days)
      // What was on its way is lost with the connection; repeated, it might count twice.
      .catch(() => undefined)
      .finally(() => (this.flushing = undefined));
    return this.flushing;
  }

  private async write(worker: WorkerInfo, days: number): Promise<void> {
    const at = this.app.clock.now();
    const minute = Math.floor(at / MINUTE);
    const counted = this.tally.take();
    const isNew = minute !== this.tried;
    const isNext = this.marked === minute - 1;
    const oldest = isNew
      ? await this.measure(at, [...counted.waits.keys()], worker)
      : new Map<string, never>();
    const counts = changesOf({ ...counted, at, days, oldest });
    const changes = isNew ? [lifeMark(at, days, isNext, !this.kept), ...counts] : counts;
    if (changes.length === 0) return;
    this.tried = minute;
    const results = await this.send(changes);
    if (!isNew) return;
    const [life] = results;
    const marks = life instanceof Error ? undefined : life;
    if (marks) this.marked = minute;
    this.kept = marks?.length === 2 && marks[0] === 1;
    // As often as it may be unknown: at the start, and where the store may have been emptied.
    if (!this.kept) await this.engine.workers.noteVersion(worker);
  }

  private async send(changes: readonly StringChange[]): Promise<readonly (readonly number[] | Error)[]> {
    const results = await this.engine.history.write(changes);
    const refusal = results.find((result) => result instanceof Error);
    if (refusal && !this.refused)
      this.logger.warn(
        `Redis does not take the history of this app, which has a gap until it does; nothing else depends on it: ${redactText(refusal.message)}`,
      );
    if (!refusal && this.refused) this.logger.log('Redis takes the history of this app again');
    this.refused = refusal !== undefined;
    return results;
  }

  /** Once a minute, and only of queues in which this worker has something to do. */
  private async measure(
    at: number,
    started: readonly string[],
    { runningJobs }: Busy,
  ): Promise<Flush['oldest']> {
    const queues = new Set([...started, ...runningJobs.map(({ queue }) => queue)]);
    if (queues.size === 0) return new Map();
    const cell = Math.floor(at / COARSE.step);
    if (cell !== this.highest.cell) this.highest = { cell, ages: new Map() };
    const { ages } = this.highest;
    const states = await this.engine.queues.states([...queues]).catch(() => []);
    const oldest = states.map(({ name, oldestPendingAgeMs: fine }) => {
      const coarse = Math.max(fine, ages.get(name) ?? 0);
      ages.set(name, coarse);
      return [name, { fine, coarse }] as const;
    });
    return new Map(oldest);
  }
}
