import type { RedisQueueBackend } from 'bullmq';
import type { RedisClient } from '../connection/redis.client.js';
import { finishAnswerKey } from '../keys.js';
import { FINISH_JOBS } from '../scripts/worker/finish-jobs.script.js';

/** Of one call: with as many to take it holds Redis for about a millisecond. */
const JOBS_PER_CALL = 32;
/** Of all results of a call, in characters. */
const CHARACTERS_PER_CALL = 256 * 1_024;
/** Calls under way at a time: Redis works on one while the jobs of the other run. */
const LANES = 2;
/** How long a queue that was found to have a rate limit is left to the engine without asking again. */
const LIMITED_FOR = 10_000;
/** Longer than a connection is awaited that answers are asked for again on. */
const ANSWER_TTL = 300_000;

type Complete = RedisQueueBackend['moveToCompleted'];
type Completed = Awaited<ReturnType<Complete>>;
/** The fields and values of a job in turn, its id, a delay, and when the next delayed job is due. */
export type Fetched = readonly [fields: string[] | null, id: string | 0, limited: 0, due: number];

interface Completion {
  readonly args: Parameters<Complete>;
  readonly result: string;
  readonly resolve: (completed: Completed | Promise<Completed>) => void;
  readonly reject: (error: unknown) => void;
}

/** A job that was taken: its place among those that were wanted, its id, and its fields, if they can be read. */
type Taken = readonly [place: number, id: string, fields?: string[]];
type Answer = readonly [codes: number[], taken: Taken[], due: string];

/** What the worker makes of the jobs that were taken. */
export interface Takings {
  /** A job as the engine hands it over. */
  read(fetched: Fetched): Completed['result'];
  /** One whose record cannot be read. Does not reject. */
  damaged(storedId: string, token: string): Promise<void>;
}

/** What of a worker its calls need. */
export interface FinishSettings {
  readonly prefix: string;
  readonly queue: string;
  readonly id: string;
  readonly name: string;
  readonly lockDuration: number;
  readonly concurrency: number;
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
  private readonly lanes = Array.from({ length: LANES }, (_, number) => ({ number, calls: 0 }));
  private readonly full: number;
  private readonly keys: string[];
  private readonly complete: Complete;

  constructor(
    backend: RedisQueueBackend,
    private readonly redis: RedisClient,
    private readonly settings: FinishSettings,
    private readonly takings: Takings,
  ) {
    // Two calls that take turns, also of a worker that never has enough for a full one.
    this.full = Math.min(JOBS_PER_CALL, Math.ceil(settings.concurrency / LANES));
    const { keys } = backend;
    const names = ['wait', 'active', 'prioritized', 'events', 'stalled', 'delayed', 'meta', 'pc', 'marker'];
    this.keys = [...names, 'completed'].map((name) => keys[name]!);
    this.complete = backend.moveToCompleted.bind(backend);
  }

  /** In the place of the engine's `moveToCompleted`, with what that is given. */
  finish(args: Parameters<Complete>): Promise<Completed> {
    const [job, returned, keep, token] = args;
    const isOrdinary = typeof keep === 'boolean' && !job.parentKey && token !== '0';
    if (!isOrdinary || this.limitedUntil > Date.now()) return this.complete(...args);
    // What cannot be told in JSON is the engine's to refuse.
    const result = JSON.stringify(returned) ?? 'null';
    return new Promise((resolve, reject) => {
      this.waiting.push({ args, result, resolve, reject });
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
      const isFull = this.waiting.length >= this.full || this.characters >= CHARACTERS_PER_CALL;
      if (!isFirst && !isFull) {
        this.lanes.push(lane);
        return;
      }
      void this.send(lane, this.next());
    }
  }

  /** As many as fit into one call; at least one. */
  private next(): Completion[] {
    let count = 0;
    let characters = 0;
    for (const { result } of this.waiting) {
      if (count === JOBS_PER_CALL || (count > 0 && characters + result.length > CHARACTERS_PER_CALL)) break;
      count++;
      characters += result.length;
    }
    this.characters -= characters;
    return this.waiting.splice(0, count);
  }

  private async send(
    lane: { readonly number: number; calls: number },
    completions: Completion[],
  ): Promise<void> {
    const now = Date.now();
    try {
      const answer = await this.call(lane.number, ++lane.calls, now, completions);
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

  private async call(
    lane: number,
    number: number,
    now: number,
    completions: readonly Completion[],
  ): Promise<Answer | null> {
    const { prefix, queue, id, name, lockDuration } = this.settings;
    const args: (string | number)[] = [`${prefix}:${queue}:`, number, ANSWER_TTL, now, lockDuration, name];
    for (const {
      args: [job, , keep, token, fetchNext],
      result,
    } of completions)
      args.push(job.id ?? '', token, result, job.attemptsMade + 1, keep ? 0 : 1, fetchNext ? 1 : 0);
    const keys = [...this.keys, finishAnswerKey(prefix, id, lane)];
    return (await FINISH_JOBS.run(this.redis, keys, args)) as Answer | null;
  }

  private settle(completions: readonly Completion[], [codes, taken, due]: Answer, finishedOn: number): void {
    const byPlace = new Map(taken.map((one) => [one[0], one]));
    const nothing: Fetched = [null, 0, 0, due === '' ? 0 : Number(due)];
    let place = 0;
    for (const [at, completion] of completions.entries()) {
      if (codes[at] !== 0) {
        this.leaveToEngine(completion);
        continue;
      }
      const [, , , token, fetchNext] = completion.args;
      const next = fetchNext ? byPlace.get(++place) : undefined;
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
