import { Injectable } from '@nestjs/common';
import { fromStoredId } from '../engine/job-id.js';
import { SlotMap } from '../engine/slot.map.js';
import type { Attempt } from './attempt.js';

/** One run of a job. */
export interface Run {
  readonly queue: string;
  readonly storedId: string | undefined;
  /** Epoch milliseconds at which Redis has it that this run started. */
  readonly startedAt: number;
  readonly attempt: Pick<Attempt, 'abort'> & Partial<Pick<Attempt, 'begun'>>;
}

/** The attempts that run in this process at this moment. */
@Injectable()
export class RunningJobs {
  /** In no order but that of their start: they come and go far more often than one is looked for. */
  private readonly runs = new SlotMap<number, Run>();
  private started = 0;

  /** @returns by what it is removed */
  add(run: Run): number {
    const number = this.started++;
    this.runs.set(number, run);
    return number;
  }

  remove(number: number): void {
    this.runs.delete(number);
  }

  /** Ends one attempt with a reason; false when no such job runs here. */
  abort(queue: string, storedId: string, reason: Error): boolean {
    for (const run of this.runs.values()) {
      if (run.storedId !== storedId || run.queue !== queue) continue;
      run.attempt.abort(reason);
      return true;
    }
    return false;
  }

  /** Whether its handler has begun; of what is unknown here, such as jobs of a `@Processor`, that is assumed. */
  hasBegun(queue: string, storedId: string): boolean {
    for (const run of this.runs.values())
      if (run.storedId === storedId && run.queue === queue) return run.attempt.begun ?? true;
    return true;
  }

  abortAll(reason: Error): void {
    for (const { attempt } of this.runs.values()) attempt.abort(reason);
  }

  /** The first of them. */
  first(most: number): { id: string; queue: string }[] {
    const first: { id: string; queue: string }[] = [];
    for (const { queue, storedId = '' } of this.runs.values()) {
      if (first.length === most) break;
      first.push({ id: fromStoredId(storedId), queue });
    }
    return first;
  }

  /** All of them, at this moment. */
  all(): Run[] {
    return [...this.runs.values()];
  }

  get count(): number {
    return this.runs.size;
  }
}
