import { Job, type JobsOptions } from 'bullmq';
import { faultOfOptions } from '../../stored-fault.js';

/** Texts of options that are remembered, and the longest one of them. */
const MOST_TEXTS = 500;
const LONGEST_TEXT = 2_000;

/** What a job that has not failed and belongs to nothing else has in its record. */
interface Fields {
  name?: string;
  data?: string;
  opts?: string;
  timestamp: number;
  delay: number;
  priority: number;
  starts: number;
  made: number;
  crashes: number;
  processedOn?: number;
  processedBy?: string;
  unique?: string;
}

/** Upstream: what the methods of a job ask of its queue. */
type JobQueue = Parameters<typeof Job.fromJSON>[0];

/**
 * Makes jobs of BullMQ out of their records in one step. The engine makes a plain object of a record first, and parses the options,
 * which are the same for most jobs of a definition, for each job.
 */
export class QuickJobs {
  private readonly options = new Map<string, JobsOptions>();
  private readonly create: new (storedId: string, data: unknown, opts: JobsOptions, fields: Fields) => Job;

  constructor(queue: JobQueue) {
    class QuickJob {
      readonly progress = 0;
      readonly returnvalue = null;
      readonly stacktrace: string[] = [];
      readonly name: string;
      readonly delay: number;
      readonly priority: number;
      readonly timestamp: number;
      readonly attemptsStarted: number;
      readonly attemptsMade: number;
      readonly stalledCounter: number;
      readonly processedOn?: number;
      readonly processedBy?: string;
      readonly deduplicationId?: string;
      readonly parentKey = undefined;
      readonly parent = undefined;
      readonly repeatJobKey = undefined;
      token?: string;

      constructor(
        readonly id: string,
        readonly data: unknown,
        readonly opts: JobsOptions,
        fields: Fields,
      ) {
        this.name = fields.name!;
        this.delay = fields.delay;
        this.priority = fields.priority;
        this.timestamp = fields.timestamp;
        this.attemptsStarted = fields.starts;
        this.attemptsMade = fields.made;
        this.stalledCounter = fields.crashes;
        if (fields.processedOn !== undefined) this.processedOn = fields.processedOn;
        if (fields.processedBy !== undefined) this.processedBy = fields.processedBy;
        if (fields.unique !== undefined) this.deduplicationId = fields.unique;
      }
    }
    // Upstream: the same for each job of a queue, which the constructor of BullMQ's job would set.
    const shared = { queue, toKey: queue.toKey.bind(queue), queueQualifiedName: queue.qualifiedName };
    Object.setPrototypeOf(QuickJob.prototype, Job.prototype);
    Object.assign(QuickJob.prototype, shared);
    Object.defineProperty(QuickJob.prototype, 'backend', {
      get: () => (queue as { backend?: unknown }).backend,
    });
    this.create = QuickJob as unknown as typeof this.create;
  }

  /** @returns undefined for a job that is not ordinary, or damaged: the engine makes those, or cannot */
  make(storedId: string, flat: readonly string[]): Job | undefined {
    const fields = fieldsOf(flat);
    if (fields?.name === undefined || fields.data === undefined) return undefined;
    const opts = this.optionsOf(fields.opts ?? '{}');
    if (!opts) return undefined;
    try {
      return new this.create(storedId, JSON.parse(fields.data || '{}'), { ...opts }, fields);
    } catch {
      return undefined;
    }
  }

  private optionsOf(text: string): JobsOptions | undefined {
    const known = this.options.get(text);
    if (known) return known;
    if (faultOfOptions(text)) return undefined;
    const { repeatJobKey, ...opts } = Job.optsFromJSON(text);
    // Upstream: the constructor of BullMQ's job makes more of these.
    if (repeatJobKey !== undefined || opts.parent || typeof opts.backoff === 'number') return undefined;
    const made: JobsOptions = { attempts: 0, ...opts, backoff: opts.backoff };
    if (this.options.size >= MOST_TEXTS) this.options.clear();
    if (text.length <= LONGEST_TEXT) this.options.set(text, made);
    return made;
  }
}

/** Undefined where there is a field that is not known, or a number that is none. */
function fieldsOf(flat: readonly string[]): Fields | undefined {
  const fields: Fields = { timestamp: 0, delay: 0, priority: 0, starts: 0, made: 0, crashes: 0 };
  for (let at = 0; at < flat.length; at += 2) {
    const value = flat[at + 1]!;
    switch (flat[at]) {
      case 'name':
        fields.name = value;
        break;
      case 'data':
        fields.data = value;
        break;
      case 'opts':
        fields.opts = value;
        break;
      case 'timestamp':
        fields.timestamp = Number(value);
        break;
      case 'delay':
        fields.delay = Number(value);
        break;
      case 'priority':
        fields.priority = Number(value);
        break;
      case 'ats':
        fields.starts = Number(value);
        break;
      case 'atm':
        fields.made = Number(value);
        break;
      case 'stc':
        fields.crashes = Number(value);
        break;
      case 'processedOn':
        fields.processedOn = Number(value);
        break;
      case 'pb':
        fields.processedBy = value;
        break;
      case 'deid':
        fields.unique = value;
        break;
      // Of no account to a run.
      case 'kid':
      case 'scalr:idle':
      case 'scalr:suspect':
        break;
      default:
        return undefined;
    }
  }
  const { timestamp, delay, priority, starts, made, crashes, processedOn = 0 } = fields;
  const numbers = [timestamp, delay, priority, starts, made, crashes, processedOn];
  return numbers.every((one) => Math.abs(one) <= Number.MAX_SAFE_INTEGER) ? fields : undefined;
}
