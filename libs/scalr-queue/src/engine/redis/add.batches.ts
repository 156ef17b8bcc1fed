import type { ResolvedOptions } from '../../config/resolved-options.js';
import type { PreparedJob } from '../prepared-job.js';
import type { RedisConnections } from './connection/redis.connections.js';
import { queuePrefix } from './keys.js';
import { ADD_JOBS } from './scripts/add-jobs.script.js';
import { insertKeys, storedOptions } from './scripts/insert-job.script.js';

/** Jobs of one call while others wait: Redis works on one call while the next is made. */
const JOBS_PER_CALL = 32;
/** Of all the payloads of a call, in characters: however large they are, no other app waits for long. */
const CHARACTERS_PER_CALL = 256 * 1_024;

interface Batch {
  readonly jobs: PreparedJob[];
  readonly added: Promise<unknown>;
  readonly send: () => void;
  size: number;
}

/** Adds the jobs that are asked for in one turn of the event loop in one call for each queue. */
export class AddBatches {
  private readonly open = new Map<string, Batch>();
  private readonly texts = new WeakMap<object, string>();

  constructor(
    private readonly connections: RedisConnections,
    private readonly app: ResolvedOptions,
  ) {}

  /** Adds a job whose id is new. Rejects with what the call rejects with: as one, its jobs are stored or not. */
  add(job: PreparedJob): Promise<unknown> {
    const batch = this.open.get(job.queue) ?? this.begin(job.queue);
    batch.jobs.push(job);
    batch.size += job.json.length;
    if (batch.jobs.length >= JOBS_PER_CALL || batch.size >= CHARACTERS_PER_CALL) batch.send();
    return batch.added;
  }

  /** Sends what is gathered for the queue: what comes after it must not come before it in Redis. */
  flush(queue: string): void {
    this.open.get(queue)?.send();
  }

  private begin(queue: string): Batch {
    let resolve: (added: Promise<unknown>) => void;
    const added = new Promise<unknown>((done) => (resolve = done));
    const batch: Batch = {
      jobs: [],
      added,
      size: 0,
      send: () => {
        // It may have been sent early.
        if (this.open.get(queue) !== batch) return;
        this.open.delete(queue);
        resolve(this.call(queue, batch.jobs));
      },
    };
    this.open.set(queue, batch);
    process.nextTick(batch.send);
    return batch;
  }

  private async call(queue: string, jobs: readonly PreparedJob[]): Promise<void> {
    const prefix = queuePrefix(this.app.prefix, queue);
    const kinds = new Map<string, number>();
    const described: (string | number)[] = [];
    const args: (string | number)[] = [];
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
      args.push(jobId, kind, json, timestamp, delay);
    }
    await ADD_JOBS.run(this.connections.producer, insertKeys(prefix), [
      prefix,
      kinds.size,
      ...described,
      ...args,
    ]);
  }

  /** The options as they are stored: a text that most jobs of a definition share. */
  private textOf({ options, shared }: PreparedJob): string {
    if (!shared) return storedOptions(options);
    let text = this.texts.get(shared);
    if (text === undefined) this.texts.set(shared, (text = storedOptions(options)));
    return text;
  }
}
