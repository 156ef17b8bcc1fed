import type { ResolvedOptions } from '../../config/resolved-options.js';
import { ANY_NAME, type JobType } from '../job-type.js';
import type { JobTypeRegistry } from '../queue.engine.js';
import { entryOf, isField } from './job-type-field.js';
import { jobTypeField, jobTypesKey } from './keys.js';
import { orDamaged } from './damaged-entries.js';
import { withDeadline } from '../deadline.js';
import type { RedisConnections } from './connection/redis.connections.js';

const REWRITE_AFTER = 60_000;
const REMOTE_MAX_AGE = 2_000;
/** Then what was known before must do. */
const FORMER_QUEUES_TIMEOUT = 200;

/**
 * Which jobs the app has and in which queues they wait, over all its processes: how a job is found by its id alone.
 * Written by whoever enqueues or handles a job, now and then again in case Redis was emptied.
 */
export class RedisJobTypeRegistry implements JobTypeRegistry {
  private readonly key: string;
  private readonly local = new Map<string, { entry: JobType; writtenAt: number }>();
  private remote: Promise<string[]> = Promise.resolve([]);
  private remoteAt = -Infinity;
  /** As it was read last. */
  private known?: JobType[];
  /** When what was read last had been asked for. */
  private knownAt = -Infinity;
  /** What was recorded last, most often that of the next call, too. */
  private last?: { readonly entry: JobType; readonly writtenAt: number };

  constructor(
    private readonly connections: RedisConnections,
    options: ResolvedOptions,
  ) {
    this.key = jobTypesKey(options.prefix);
    // What was recorded before the first connect, or is lost since the last one.
    this.connections.producer.on('ready', () => {
      for (const { entry } of this.local.values()) this.write(entry);
      this.entries().catch(() => undefined);
    });
  }

  /** Remembers a job; writes it in the background. */
  record({ name, queue }: JobType): void {
    const { last } = this;
    const isLast = last?.entry.name === name && last.entry.queue === queue;
    const known = isLast ? last : this.local.get(jobTypeField(name, queue));
    this.last = known;
    if (!known || Date.now() - known.writtenAt >= REWRITE_AFTER) this.write({ name, queue });
  }

  /** Remembers a queue that other code adds jobs to. */
  recordQueue(queue: string): void {
    this.record({ name: ANY_NAME, queue });
  }

  /** Whether this process has a definition of that name. */
  knows(name: string): boolean {
    return [...this.local.values()].some(({ entry }) => entry.name === name);
  }

  /** The queue of a definition, where this process has it. */
  queueOf(name: string): string | undefined {
    let newest: { queue: string; writtenAt: number } | undefined;
    for (const { entry, writtenAt } of this.local.values()) {
      if (entry.name === name && (!newest || writtenAt > newest.writtenAt))
        newest = { queue: entry.queue, writtenAt };
    }
    return newest?.queue;
  }

  /** Other queues that any process has enqueued a job of that name into: those of its definition in earlier versions. */
  formerQueues(type: JobType): string[] | Promise<string[]> {
    const isFresh = this.knownAt === this.remoteAt && Date.now() - this.remoteAt <= REMOTE_MAX_AGE;
    return this.known && isFresh ? formerOf(this.known, type) : this.readFormerQueues(type);
  }

  private async readFormerQueues(type: JobType): Promise<string[]> {
    const refreshed = this.entries();
    const { known } = this;
    // A call that enqueues has no time to lose when Redis hangs.
    const entries = known
      ? await withDeadline(refreshed, FORMER_QUEUES_TIMEOUT, () => new Error('late')).catch(() => known)
      : await refreshed;
    return formerOf(entries, type);
  }

  /**
   * All jobs known to any process of the app.
   * @param maxAge how old, in milliseconds, what other processes wrote may be
   */
  async entries(maxAge = REMOTE_MAX_AGE): Promise<JobType[]> {
    const now = Date.now();
    if (now - this.remoteAt > maxAge) {
      this.remoteAt = now;
      const { producer, damaged } = this.connections;
      this.remote = orDamaged(producer.hkeys(this.key), [], this.key, damaged.note);
      this.remote.catch(() => (this.remoteAt = -Infinity));
    }
    const at = this.remoteAt;
    const remote = (await this.remote).filter((field) => {
      if (!isField(field))
        this.connections.damaged.note(this.key, `no job is called "${field.slice(0, 40)}"`);
      return isField(field);
    });
    this.known = [...new Set([...remote, ...this.local.keys()])].map(entryOf);
    this.knownAt = at;
    return this.known;
  }

  private write(entry: JobType): void {
    const field = jobTypeField(entry.name, entry.queue);
    if (this.known && !this.local.has(field)) this.known = [...this.known, entry];
    this.last = undefined;
    this.local.set(field, { entry, writtenAt: Date.now() });
    this.connections.producer.hset(this.key, field, 1).catch(() => {
      this.last = undefined;
      this.local.set(field, { entry, writtenAt: -Infinity });
    });
  }
}

function formerOf(entries: readonly JobType[], { name, queue }: JobType): string[] {
  const former = new Set<string>();
  for (const entry of entries) if (entry.name === name && entry.queue !== queue) former.add(entry.queue);
  return former.size > 0 ? [...former] : [];
}
