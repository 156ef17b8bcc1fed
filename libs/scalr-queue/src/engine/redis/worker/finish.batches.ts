import type { RedisQueueBackend } from 'bullmq';
import type { RedisClient } from '../connection/redis.client.js';
import {
  type CompletedJob,
  countForCall,
  type FinishAnswer,
  FinishCalls,
  type FinishSettings,
  isFullCall,
  JOBS_PER_CALL,
  type Lane,
} from './finish.calls.js';

/** Calls under way at a time: Redis works on one while the jobs of the other run. */
const LANES = 2;
/** How long a queue that was found to have a rate limit is left to the engine without asking again. */
const LIMITED_FOR = 10_000;

type Complete = RedisQueueBackend['moveToCompleted'];
type Completed = Awaited<ReturnType<Complete>>;
/** The fields and values of a job in turn, its id, a delay, and when the next delayed job is due. */
export type Fetched = readonly [fields: string[] | null, id: string | 0, limited: 0, due: number];

interface Completion extends CompletedJob {
  readonly args: Parameters<Complete>;
  readonly next: boolean;
  readonly resolve: (completed: Completed | Promise<Completed>) => void;
  readonly reject: (error: unknown) => void;
}

/** What the worker makes of the jobs that were taken. */
export interface Takings {
  /** A job as the engine hands it over. */
  read(fetched: Fetched): Completed['result'];
  /** One whose record cannot be read. Does not reject. */
  damaged(storedId: string, token: string): Promise<void>;
}

/**
 * Ends the jobs that complete in one turn of the event loop, or while such a call is under way, in one call, which brings the next ones.
 * The engine has a call for each. What is not ordinary goes the engine's way: jobs of a flow, queues with a rate limit, jobs that
 * are not held any more.
 */
export class FinishBatches {
  private waiting: Completion[] = [];
  private characters = 0;
  private isScheduled = false;
  private limitedUntil = 0;
  private readonly lanes: Lane[] = Array.from({ length: LANES }, (_, number) => ({ number, calls: 0 }));
  private readonly full: number;
  private readonly calls: FinishCalls;
  private readonly complete: Complete;

  /** @param concurrency of the worker */
  constructor(
    backend: RedisQueueBackend,
    redis: RedisClient,
    settings: FinishSettings,
    concurrency: number,
    private readonly takings: Takings,
  ) {
    // Two calls that take turns, also of a worker that never has enough for a full one.
    this.full = Math.min(JOBS_PER_CALL, Math.ceil(concurrency / LANES));
    this.calls = new FinishCalls(backend, redis, settings);
    this.complete = backend.moveToCompleted.bind(backend);
  }

  /** In the place of the engine's `moveToCompleted`, with what that is given. */
  finish(args: Parameters<Complete>): Promise<Completed> {
    const [job, returned, keep, token, next] = args;
    const isOrdinary = typeof keep === 'boolean' && !job.parentKey && token !== '0';
    if (!isOrdinary || this.limitedUntil > Date.now()) return this.complete(...args);
    // What cannot be told in JSON is the engine's to refuse.
    const result = JSON.stringify(returned) ?? 'null';
    return new Promise((resolve, reject) => {
      const { id = '', attemptsMade } = job;
      const ended = { id, token, result, attempts: attemptsMade + 1, isKept: !keep, next };
      this.waiting.push({ ...ended, args, resolve, reject });
      this.characters += result.length;
      if (this.isScheduled) return;
      this.isScheduled = true;
      process.nextTick(() => this.flush());
    });
  }

  private flush(): void {
    this.isScheduled = false;
    while (this.waiting.length > 0) {
      const lane = this.lanes.pop();
      if (!lane) return;
      const isFirst = this.lanes.length === LANES - 1;
      const isFull = this.waiting.length >= this.full || isFullCall(0, this.characters);
      if (!isFirst && !isFull) {
        this.lanes.push(lane);
        return;
      }
      void this.send(lane, this.next());
    }
  }

  /** As many as fit into one call; at least one. */
  private next(): Completion[] {
    const next = this.waiting.splice(0, countForCall(this.waiting));
    for (const { result } of next) this.characters -= result.length;
    return next;
  }

  private async send(lane: Lane, completions: Completion[]): Promise<void> {
    const now = Date.now();
    try {
      const answer = await this.calls.send(lane, now, completions);
      if (answer) this.settle(completions, answer, now);
      else {
        this.limitedUntil = now + LIMITED_FOR;
        for (const one of completions) this.leaveToEngine(one);
      }
    } catch (error) {
      for (const { reject } of completions) reject(error);
    } finally {
      this.lanes.push(lane);
      this.flush();
    }
  }

  private settle(
    completions: readonly Completion[],
    [codes, taken, due]: FinishAnswer,
    finishedOn: number,
  ): void {
    const byPlace = new Map(taken.map((one) => [one[0], one]));
    const nothing: Fetched = [null, 0, 0, due === '' ? 0 : Number(due)];
    let place = 0;
    for (const [at, completion] of completions.entries()) {
      if (codes[at] !== 0) {
        this.leaveToEngine(completion);
        continue;
      }
      const { token } = completion;
      const next = completion.next ? byPlace.get(++place) : undefined;
      const [, storedId, fields] = next ?? [];
      const read = (fetched: Fetched): Completed => ({ result: this.takings.read(fetched), finishedOn });
      if (storedId && !fields) {
        completion.resolve(this.takings.damaged(storedId, token).then(() => read(nothing)));
        continue;
      }
      try {
        completion.resolve(read(fields ? [fields, storedId!, 0, 0] : nothing));
      } catch (error) {
        // Of this one alone: the others of the call have theirs.
        completion.reject(error);
      }
    }
  }

  private leaveToEngine({ args, resolve }: Completion): void {
    resolve(this.complete(...args));
  }
}
