import { setTimeout as pause } from 'node:timers/promises';
import type { DeadPosition } from '../engine/dead-position.js';
import { fromStoredId, nameOfStoredId } from '../engine/job-id.js';
import type { QueueEngine } from '../engine/queue.engine.js';
import type { RedriveFates, RedriveHold, RedriveRecord } from '../engine/redrive-records.js';
import type { JobReader } from '../inspection/job.reader.js';
import type { KeyConflict } from './dead-job.js';
import { fromCursor, toCursor } from './dead-letter.cursor.js';
import type { DeadLetterScanner } from './dead-letter.scanner.js';
import { RatePace } from './rate.pace.js';
import type { RedriveOptions } from './redrive.js';
import { checkedIn, FIRST_JOBS, paceIn, type RedrivePace, toRedrive } from './redrive.plan.js';

/** Why a run ends. */
type End =
  | { readonly state: 'done'; readonly why?: undefined }
  | { readonly state: 'stopped'; readonly why: 'first' | 'died-again' | 'asked' };

/** Thrown where somebody else has taken it over, or it is to stop. */
class NotHeld extends Error {}

/** Time between two looks at the first jobs. */
const LOOK_MS = 200;
/** Time between two looks at them while others are retried. */
const LATER_LOOK_MS = 1_000;
const SHOWN_CONFLICTS = 1_000;

/** One run of a redrive: from where the last one ended until it is done, or has to stop. */
export class RedriveRun {
  readonly conflicts: KeyConflict[] = [];
  private readonly pace: RedrivePace;
  private readonly turns: RatePace;
  private fates: RedriveFates = { jobs: 0, completed: 0, diedAgain: 0, pending: 0 };
  private retried: number;
  private kept: number;
  private cursor?: string;
  private lookedAt = -Infinity;

  constructor(
    private readonly engine: QueueEngine,
    private readonly scanner: DeadLetterScanner,
    private readonly reader: JobReader,
    private readonly hold: RedriveHold,
    private readonly record: RedriveRecord,
    private readonly watch: Pick<RedriveOptions, 'onProgress' | 'signal'>,
  ) {
    this.pace = paceIn(record.plan);
    this.turns = new RatePace(this.pace.rate);
    this.retried = record.retried;
    this.kept = record.kept;
    this.cursor = record.cursor;
  }

  /** @returns jobs that were retried since the last run ended; undefined where another process has taken it over */
  async untilEnd(): Promise<number | undefined> {
    const { state, why } = await this.work().catch((error: unknown): End => {
      // Nothing was done any more. Whether it was stopped or taken over, the record knows.
      if (error instanceof NotHeld) return { state: 'stopped', why: 'asked' };
      throw error;
    });
    return this.bounded(() => this.engine.redrives.end(this.hold, state, why));
  }

  private async work(): Promise<End> {
    const early = await this.afterSlice();
    if (early) return early;
    for await (const { positions, matches } of this.scanner.scan(
      checkedIn(this.record.plan),
      fromCursor(this.cursor),
    )) {
      for (let from = 0; from < matches.length;) {
        const end = await this.untilTurn();
        if (end) return end;
        const slice = matches.slice(from, from + this.room());
        await this.retry(slice);
        from += slice.length;
        await this.advance(slice.at(-1));
        const over = await this.afterSlice();
        if (over) return over;
      }
      await this.advance(positions.at(-1));
    }
    await this.look();
    return { state: 'done' };
  }

  /** Jobs that may be retried in the next step. */
  private room(): number {
    const left = this.hold.sample - this.fates.jobs;
    return Math.min(this.turns.slice, left > 0 ? left : Infinity);
  }

  private async untilTurn(): Promise<End | undefined> {
    for (;;) {
      if (this.watch.signal?.aborted) return { state: 'stopped', why: 'asked' };
      const { delay } = this.turns;
      if (delay === 0) return undefined;
      await this.sleep(delay);
      if (performance.now() - this.lookedAt < LATER_LOOK_MS) continue;
      await this.look();
      const end = this.isOver();
      if (end) return end;
    }
  }

  private async retry(slice: readonly DeadPosition[]): Promise<void> {
    const { redrives, types } = this.engine;
    const replies = await this.bounded(() =>
      Promise.all(
        slice.map((position) => {
          const target = types.queueOf(nameOfStoredId(position.storedId) ?? '') ?? position.queue;
          return redrives.retry(this.hold, position, target);
        }),
      ),
    );
    let retried = 0;
    for (const [at, reply] of replies.entries()) {
      if (reply === 'retried') retried++;
      else if (typeof reply === 'object') this.keep(slice[at]!, reply.holder);
    }
    this.retried += retried;
    this.turns.count(retried);
    if (replies.includes('lost')) throw new NotHeld();
  }

  private keep({ storedId, queue }: DeadPosition, holder: string): void {
    this.kept++;
    const name = nameOfStoredId(storedId) ?? '';
    if (this.conflicts.length < SHOWN_CONFLICTS)
      this.conflicts.push({ id: fromStoredId(storedId), name, queue, holder: fromStoredId(holder) });
  }

  /** Shows that it is still run, and notes behind which job it is. */
  private async advance(position?: DeadPosition): Promise<void> {
    if (position) this.cursor = toCursor(position);
    if (!(await this.bounded(() => this.engine.redrives.advance(this.hold, this.cursor))))
      throw new NotHeld();
  }

  private async afterSlice(): Promise<End | undefined> {
    const { first, stopAt } = this.pace;
    const isSampling = this.fates.jobs < this.hold.sample;
    if (isSampling || performance.now() - this.lookedAt >= LATER_LOOK_MS) await this.look();
    else this.report();
    const isComplete = isSampling && this.fates.jobs >= this.hold.sample;
    if (isComplete && (first !== undefined || stopAt !== false)) await this.untilFirstEnded();
    return this.isOver();
  }

  /** Waits until the first jobs have ended, too many have died again, or the time is over. Without a worker none would. */
  private async untilFirstEnded(): Promise<void> {
    const { first, wait } = this.pace;
    if (first === undefined && this.isAtEnd) return;
    const isWorked = (await this.bounded(() => this.engine.workers.list())).length > 0;
    const deadline = performance.now() + (isWorked ? wait : 0);
    while (this.fates.pending > 0 && !this.isStopping && !this.watch.signal?.aborted) {
      const left = deadline - performance.now();
      if (left <= 0) break;
      await this.sleep(Math.min(LOOK_MS, left));
      await this.look();
    }
  }

  private get isAtEnd(): boolean {
    return this.retried + this.kept >= this.record.matched;
  }

  /** Whether so many of the first jobs have died again that it makes no sense to go on. */
  private get isStopping(): boolean {
    const { stopAt } = this.pace;
    return stopAt !== false && this.fates.diedAgain > stopAt * this.hold.sample;
  }

  private isOver(): End | undefined {
    if (this.pace.first !== undefined && this.fates.jobs >= this.pace.first)
      return this.isAtEnd ? { state: 'done' } : { state: 'stopped', why: 'first' };
    return this.isStopping && !this.isAtEnd ? { state: 'stopped', why: 'died-again' } : undefined;
  }

  private async look(): Promise<void> {
    this.fates = await this.bounded(() => this.engine.redrives.fates(this.hold.id));
    this.lookedAt = performance.now();
    this.report();
  }

  private report(): void {
    const { record, retried, kept, hold } = this;
    const known: RedriveRecord = { ...record, state: 'running', retried, kept, heldFor: hold.lease };
    this.watch.onProgress?.(toRedrive(known, this.fates));
  }

  /** Sleeps for that long, or until the signal, and shows meanwhile that it is still run. */
  private async sleep(ms: number): Promise<void> {
    const { signal } = this.watch;
    const step = Math.min(ms, this.hold.lease / 3);
    await pause(step, undefined, signal ? { signal } : {}).catch(() => undefined);
    await this.advance();
  }

  private bounded<T>(call: () => Promise<T>): Promise<T> {
    return this.reader.bounded(call);
  }
}

/** The jobs of a run whose ends are looked at. */
export function sampleOf({ first }: Pick<RedrivePace, 'first'>): number {
  return first ?? FIRST_JOBS;
}
