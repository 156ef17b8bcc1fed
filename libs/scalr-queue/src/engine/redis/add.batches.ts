import type { ResolvedOptions } from '../../config/resolved-options.js';
import { conflictOf, type PreparedJob } from '../prepared-job.js';
import type { ContestedAdd } from '../queue.engine.js';
import type { RedisConnections } from './connection/redis.connections.js';
import { endedKey, queuePrefix } from './keys.js';
import { ADD_JOB, ADD_JOBS } from './scripts/add-jobs.script.js';
import { insertKeys, storedOptions } from './scripts/insert-job.script.js';

/** Jobs of one call while others wait: Redis works on one call while the next is made. */
const JOBS_PER_CALL = 32;
/** Of all the payloads of a call, in characters: however large they are, no other app waits for long. */
const CHARACTERS_PER_CALL = 256 * 1_024;

/** What the script says of a job that was not simply created. */
type Answer = [index: number, status: ContestedAdd['status'] | 'failed', text: string, former: number];

/** What the script takes of a job whose id or unique key may be taken. */
type Claim = readonly string[];

interface Batch {
  readonly jobs: PreparedJob[];
  /** Of the jobs that have one. */
  claims?: Map<PreparedJob, Claim>;
  /** What became of those that were not simply created, once it is known. */
  readonly answers: Promise<Answer[] | null>;
  readonly send: () => void;
  size: number;
}

interface QueueKeys {
  readonly prefix: string;
  readonly inserted: readonly string[];
  /** Those that a lone job is added with, but for its own. */
  readonly ofOne: readonly string[];
}

/** Adds the jobs that are asked for in one turn of the event loop in one call for each queue. */
export class AddBatches {
  private readonly open = new Map<string, Batch>();
  private readonly texts = new WeakMap<object, string>();
  private readonly keys = new Map<string, QueueKeys>();

  constructor(
    private readonly connections: RedisConnections,
    private readonly app: ResolvedOptions,
  ) {}

  /** Adds a job whose id is new. Rejects with what the call rejects with: as one, its jobs are stored or not. */
  add(job: PreparedJob): Promise<unknown> {
    return this.put(job).answers;
  }

  /**
   * Adds a job whose id or unique key may be taken.
   * @param former queues that its definition had before, whose jobs and keys count too
   */
  async addContested(job: PreparedJob, former: readonly string[]): Promise<ContestedAdd> {
    const batch = this.put(job, this.claimOf(job, former));
    const answers = await batch.answers;
    const index = batch.jobs.indexOf(job);
    const [, status, text, place] = answers?.find(([at]) => at === index) ?? [];
    if (status === undefined) return { status: 'created', storedId: job.options.jobId };
    if (status === 'failed') throw new Error(text);
    return { status, storedId: text!, ...(place! > 0 ? { former: former[place! - 1]! } : {}) };
  }

  /** Takes a job out again that has not been sent. */
  withdraw(job: PreparedJob): boolean {
    const batch = this.open.get(job.queue);
    const index = batch?.jobs.indexOf(job) ?? -1;
    if (!batch || index < 0) return false;
    batch.jobs.splice(index, 1);
    batch.size -= job.json.length;
    return true;
  }

  /** Sends what is gathered for the queue: what comes after it must not come before it in Redis. */
  flush(queue: string): void {
    this.open.get(queue)?.send();
  }

  private put(job: PreparedJob, claim?: Claim): Batch {
    const batch = this.open.get(job.queue) ?? this.begin(job.queue);
    batch.jobs.push(job);
    if (claim) (batch.claims ??= new Map()).set(job, claim);
    batch.size += job.json.length;
    if (batch.jobs.length >= JOBS_PER_CALL || batch.size >= CHARACTERS_PER_CALL) batch.send();
    return batch;
  }

  private begin(queue: string): Batch {
    let settle: (call: Promise<Answer[] | null> | null) => void;
    const answers = new Promise<Answer[] | null>((resolve) => (settle = resolve));
    const batch: Batch = {
      jobs: [],
      answers,
      size: 0,
      send: () => {
        // It may have been sent early.
        if (this.open.get(queue) !== batch) return;
        this.open.delete(queue);
        settle(batch.jobs.length > 0 ? this.call(queue, batch) : null);
      },
    };
    this.open.set(queue, batch);
    process.nextTick(batch.send);
    return batch;
  }

  private call(queue: string, batch: Batch): Promise<Answer[] | null> {
    const { jobs, claims } = batch;
    const keys = this.keysOf(queue);
    const [first] = jobs;
    if (jobs.length === 1 && !claims && !first!.options.delay && !first!.options.priority)
      return this.callForOne(keys, first!);
    const kinds = new Map<string, number>();
    const described: (string | number)[] = [];
    const elements: (string | number | Claim)[] = [];
    const claimed: string[] = [];
    let payloads = '';
    for (const job of jobs) {
      const { name, json, options } = job;
      const { jobId, timestamp = 0, delay = 0, priority = 0 } = options;
      const text = this.textOf(job);
      const key = `${name} ${priority} ${text}`;
      let kind = kinds.get(key);
      if (kind === undefined) {
        kinds.set(key, (kind = kinds.size));
        described.push(name, text, priority);
      }
      const claim = claims?.get(job) ?? 0;
      // Texts: Lua would write a round number with an exponent.
      elements.push(jobId, kind, String(timestamp), String(delay), Buffer.byteLength(json), claim);
      payloads += json;
      // Redis goes by them while a cluster moves the slot: it must not look for them where they are not any more.
      if (claim) claimed.push(keys.prefix + jobId, claim[0]!);
    }
    const args = [keys.prefix, JSON.stringify(elements), payloads, ...described];
    const { producer } = this.connections;
    return ADD_JOBS.run(producer, [...keys.inserted, ...claimed], args) as Promise<Answer[]>;
  }

  private callForOne({ prefix, ofOne }: QueueKeys, job: PreparedJob): Promise<null> {
    const { name, json, options } = job;
    const { jobId, timestamp = 0 } = options;
    const args = [jobId, name, json, this.textOf(job), timestamp];
    return ADD_JOB.run(this.connections.producer, [prefix + jobId, ...ofOne], args) as Promise<null>;
  }

  private claimOf(job: PreparedJob, former: readonly string[]): Claim {
    const { prefix } = this.app;
    const { options, memory = '' } = job;
    const { id = '', ttl = 0 } = options.deduplication ?? {};
    return [
      endedKey(prefix, options.jobId),
      id,
      String(ttl),
      conflictOf(job),
      String(memory),
      ...former.map((one) => queuePrefix(prefix, one)),
    ];
  }

  private keysOf(queue: string): QueueKeys {
    let keys = this.keys.get(queue);
    if (!keys) {
      const prefix = queuePrefix(this.app.prefix, queue);
      const ofOne = ['wait', 'meta', 'id', 'active', 'marker', 'events'].map((part) => prefix + part);
      this.keys.set(queue, (keys = { prefix, inserted: insertKeys(prefix), ofOne }));
    }
    return keys;
  }

  /** The options as they are stored: a text that most jobs of a definition share. */
  private textOf({ options, shared }: PreparedJob): string {
    if (!shared) return storedOptions(options);
    let text = this.texts.get(shared);
    if (text === undefined) this.texts.set(shared, (text = storedOptions(options)));
    return text;
  }
}
