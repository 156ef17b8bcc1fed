import type { RedisQueueBackend } from 'bullmq';
import type { RedisClient } from '../connection/redis.client.js';
import { finishAnswerKey, takenAheadKey } from '../keys.js';
import { FINISH_JOBS } from '../scripts/worker/finish-jobs.script.js';

/** Of one call: with as many to take it holds Redis for about a millisecond. */
export const JOBS_PER_CALL = 32;
/** Of all results of a call, in characters. */
const CHARACTERS_PER_CALL = 256 * 1_024;
/** Longer than a connection is awaited that answers are asked for again on. */
const ANSWER_TTL = 300_000;

/** A job that was taken: its place among those that were wanted, its id, and its fields, if they can be read. */
export type TakenJob = readonly [place: number, id: string, fields?: string[]];
/**
 * For each completed job 0, or 1 where nothing was done; the jobs taken; when the next delayed one is due, or ''; 1 where the worker of one
 * of those that were taken has crashed.
 */
export type FinishAnswer = readonly [codes: number[], taken: TakenJob[], due: string, hasCrashed: 0 | 1];

/** What the script says: a JSON text, and the fields of long records. */
type Reply = readonly [text: string, ...long: string[][]];

/** What the text says. An empty list may be an object. */
type Told = readonly [
  codes: number[],
  taken: (readonly [place: number, id: string, record: string[] | number | false])[],
  due: string,
  hasCrashed: 0 | 1,
];

/** A job that has completed. */
export interface CompletedJob {
  readonly id: string;
  readonly token: string;
  /** As JSON. */
  readonly result: string;
  /** With this one. */
  readonly attempts: number;
  readonly isKept: boolean;
  /** Whether another job is wanted for it, locked with its token; `apart` where those are wanted by the call. */
  readonly next: boolean | 'apart';
}

/** Jobs that are wanted beside those that follow a completed one. */
export interface Wanted {
  readonly token: string;
  /** To start at once. */
  readonly slots: number;
  /** More, to start when others have ended. */
  readonly ahead: number;
  /** What was taken before and has not started, or has ended and is not in this call: ids and tokens in turn. */
  readonly noted: readonly string[];
  /** Whether Redis has any noted of this lane, or will after this call. */
  readonly notes: boolean;
}

/** A way of calls that are made one after the other. */
export interface Lane {
  readonly number: number;
  calls: number;
}

/** What of a worker its calls need. */
export interface FinishSettings {
  readonly prefix: string;
  readonly queue: string;
  readonly id: string;
  readonly name: string;
  readonly lockDuration: number;
}

/** The field of a worker among those of what was taken ahead. */
const aheadField = (id: string, lane: number): string => `${id}:${lane}`;

/** The calls of one worker that end many jobs and take others. */
export class FinishCalls {
  private readonly keys: string[];

  constructor(
    backend: RedisQueueBackend,
    private readonly redis: RedisClient,
    private readonly settings: FinishSettings,
  ) {
    const { keys } = backend;
    const names = ['wait', 'active', 'prioritized', 'events', 'stalled', 'delayed', 'meta', 'pc', 'marker'];
    this.keys = [...names, 'completed'].map((name) => keys[name]!);
  }

  /** @returns null for a queue with a rate limit, which is the engine's to serve; nothing was done then */
  async send(
    lane: Lane,
    now: number,
    ended: readonly CompletedJob[],
    wanted?: Wanted,
  ): Promise<FinishAnswer | null> {
    const { prefix, queue, id, name, lockDuration } = this.settings;
    const args: (string | number)[] = [
      `${prefix}:${queue}:`,
      ++lane.calls,
      ANSWER_TTL,
      now,
      lockDuration,
      name,
    ];
    if (wanted) {
      const { slots, ahead, token, noted, notes } = wanted;
      args.push(slots, ahead, token, notes ? aheadField(id, lane.number) : '');
      args.push(noted.length > 0 ? JSON.stringify(noted) : '');
    } else args.push(0, 0, '', '', '');
    for (const one of ended) {
      const next = one.next === 'apart' ? 2 : Number(one.next);
      args.push(one.id, one.token, one.result, one.attempts, Number(one.isKept), next);
    }
    const keys = [...this.keys, finishAnswerKey(prefix, id, lane.number), takenAheadKey(prefix, queue)];
    const answer = (await FINISH_JOBS.run(this.redis, keys, args)) as Reply | null;
    if (!answer) return null;
    const [text, ...long] = answer;
    const [codes, jobs, due, hasCrashed] = JSON.parse(text) as Told;
    const taken: TakenJob[] = [];
    for (let at = 0; at < jobs.length; at++) {
      const [place, storedId, record] = jobs[at]!;
      const fields = typeof record === 'number' ? long[record - 1]! : record;
      if (fields) fields.push('processedOn', String(now), 'pb', name);
      taken.push(fields ? [place, storedId, fields] : [place, storedId]);
    }
    return [codes, taken, due, hasCrashed];
  }
}

/** How many of these fit into one call; at least one where there is any. */
export function countForCall(ended: readonly { readonly result: string }[]): number {
  let count = 0;
  let characters = 0;
  for (const { result } of ended) {
    if (count === JOBS_PER_CALL || (count > 0 && characters + result.length > CHARACTERS_PER_CALL)) break;
    count++;
    characters += result.length;
  }
  return count;
}

/** Whether these are enough for a call of their own. */
export const isFullCall = (count: number, characters: number): boolean =>
  count >= JOBS_PER_CALL || characters >= CHARACTERS_PER_CALL;
