import type { JobJson, RedisQueueBackend } from 'bullmq';
import type { RedisClient } from '../connection/redis.client.js';
import { errorOfFault, faultOf, type StoredFault, unreadable } from '../../stored-fault.js';
import { nameOfStoredId } from '../../job-id.js';
import { DEFAULT_KEEP_DEAD_AGE, EVENT_STREAM_LENGTH } from '../../../contract/defaults.js';
import { AttemptFailure } from '../../attempt-failure.js';
import { BURY } from '../scripts/worker/bury.script.js';

/** Upstream: all scripts of BullMQ go through `execCommand`, and these answer with the next job, its fields and its id. */
const FETCHES: ReadonlySet<string> = new Set(['moveToActive', 'moveToFinished', 'moveToDelayed']);
/** A script met a value that it cannot work with. */
const SCRIPT_FAILED = /^-?(ERR|WRONGTYPE)\b/;

/**
 * The jobs of a queue that Redis hands over and the engine cannot make anything of: it would throw and leave each to be found when
 * its lock has expired, again and again. Here it gets something harmless instead, and the job is ended.
 */
export class DamagedJobs {
  private readonly faults = new Map<string, StoredFault>();

  /**
   * @param onBuried hears of a job that was ended without having been handed over
   */
  constructor(
    private readonly backend: RedisQueueBackend,
    private readonly redis: RedisClient,
    private readonly onBuried: (storedId: string, failure: AttemptFailure) => void,
  ) {
    this.watchFetches();
    this.watchEnds();
  }

  /** Whether the job that was handed over is damaged; reported once. */
  take(storedId: string): StoredFault | undefined {
    const fault = this.faults.get(storedId);
    if (fault) this.faults.delete(storedId);
    return fault;
  }

  /** Something that the engine can handle in the place of a job that it cannot. */
  replace(stored: JobJson, storedId: string): JobJson {
    this.faults.set(storedId, unreadable('data is not JSON'));
    const { name, timestamp, processedOn, attemptsMade, attemptsStarted } = stored;
    const rest = { attemptsMade, attemptsStarted, stalledCounter: 0, progress: 0, delay: 0, priority: 0 };
    return { ...rest, id: storedId, name, data: 'null', opts: {}, timestamp, processedOn } as JobJson;
  }

  /** Ends a job that was handed over. */
  async bury(storedId: string, token: string, failure: AttemptFailure): Promise<boolean> {
    return (await this.run(token, storedId, '', failure)) !== undefined;
  }

  /**
   * Ends the job over which a script of the engine failed after it had taken it.
   * @returns whether there was one: the command can be sent again
   */
  async buryCulprit(error: unknown, token: string, other = ''): Promise<boolean> {
    if (!(error instanceof Error && SCRIPT_FAILED.test(error.message))) return false;
    return this.buryTaken('', token, other);
  }

  /** Ends a job that was taken and could not be handed over. @param storedId '' for the one that has the token, but for `other` */
  async buryTaken(storedId: string, token: string, other = ''): Promise<boolean> {
    const failure = failureOf(unreadable('its record is of another type, or its counts are not numbers'));
    const buried = await this.run(token, storedId, other, failure);
    if (buried === undefined) return false;
    this.onBuried(buried, failure);
    return true;
  }

  private watchFetches(): void {
    const { backend } = this;
    const send = backend.execCommand.bind(backend);
    backend.execCommand = (client, command, args) => {
      const reply: unknown = send(client, command, args);
      return FETCHES.has(command) && reply instanceof Promise
        ? reply.then((answer: unknown) => this.sift(answer))
        : reply;
    };
  }

  /** The end of a job fetches the next one: an error over that one is none of the first. */
  private watchEnds(): void {
    const { backend } = this;
    const complete = backend.moveToCompleted.bind(backend);
    const fail = backend.moveToFailed.bind(backend);
    // Upstream: an end that comes with no next job is `{ result: [], finishedOn }`, and has the job first and the token fourth.
    const nothingNext = async (error: unknown, storedId: string | undefined, token: string) => {
      if (!(await this.buryCulprit(error, token, storedId))) throw error;
      return { result: [], finishedOn: Date.now() } as never;
    };
    backend.moveToCompleted = (...args) =>
      complete(...args).catch((error: unknown) => nothingNext(error, args[0].id, args[3]));
    backend.moveToFailed = (...args) =>
      fail(...args).catch((error: unknown) => nothingNext(error, args[0].id, args[3]));
  }

  /** The answer of a fetch: the fields and values of a job in turn, its id, and more. */
  sift(answer: unknown): unknown {
    if (!Array.isArray(answer) || !Array.isArray(answer[0])) return answer;
    const [flat, id, ...more] = answer as [unknown[], unknown, ...unknown[]];
    const fields: Record<string, string> = {};
    for (let at = 0; at < flat.length; at += 2) fields[String(flat[at])] = String(flat[at + 1]);
    const fault = faultOf(fields);
    if (!fault) return answer;
    const storedId = String(id);
    this.faults.set(storedId, fault);
    const now = String(Date.now());
    const harmless = {
      name: nameOfStoredId(storedId) ?? fields['name'] ?? 'unknown',
      data: 'null',
      opts: '{}',
    };
    const times = { timestamp: now, processedOn: now, ats: '1' };
    return [Object.entries({ ...harmless, ...times }).flat(), id, ...more];
  }

  private async run(
    token: string,
    storedId: string,
    other: string,
    failure: AttemptFailure,
  ): Promise<string | undefined> {
    const { keys } = this.backend;
    const named = [
      keys['active'],
      keys['failed'],
      keys['events'],
      keys['stalled'],
      keys['marker'],
    ] as string[];
    const limits = [EVENT_STREAM_LENGTH, DEFAULT_KEEP_DEAD_AGE, '~'];
    const args = [keys[''] as string, token, storedId, other, failure.message, Date.now(), ...limits];
    const buried = await this.redis.eval(BURY, named.length, ...named, ...args);
    return typeof buried === 'string' ? buried : undefined;
  }
}

/** How a damaged job is written down. */
export function failureOf(fault: StoredFault): AttemptFailure {
  return new AttemptFailure(fault.reason, errorOfFault(fault), 0, Date.now());
}
