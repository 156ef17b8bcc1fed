import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { AnyJobDefinition } from '../contract/job-definition.js';
import type { EndingJob } from '../engine/engine-worker.js';
import { effectiveSettings } from '../engine/effective-settings.js';
import type { FinishedState, KeepRules, Trimmed } from '../engine/finished-jobs.js';
import { foreignRule, fromEngineKeep, type KeepRule } from '../engine/keep-rule.js';
import { readMeta } from '../engine/job-meta.js';
import { QueueEngine } from '../engine/queue.engine.js';
import { WORKER_HEARTBEAT } from '../contract/defaults.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';

/** How soon after a job has ended its queue is looked at, and how often at the most. */
const SOON = 1_000;
/** How often a worker looks at a queue in which nothing ends here. */
const NOW_AND_THEN = 60_000;
/** All finished jobs of a state are gone through again after this long per job kept: the more there are, the less often. */
const PAUSE_PER_JOB = 0.1;
/** A process that dies while it looks keeps others from it for so long. */
const LEASE = 10_000;

type Held = Awaited<ReturnType<QueueEngine['finished']['rules']>>;

/**
 * Sees to it that finished jobs are kept as `keep` of their definition says. The engine would apply what one job says to all jobs
 * of its queue, in a script of any length: it is told to keep every job, or to remove at once one of which nothing is kept.
 */
@Injectable()
export class Retention implements OnApplicationShutdown {
  /** When to look at a queue, in epoch milliseconds. */
  private readonly due = new Map<string, number>();
  private readonly looked = new Map<string, Trimmed & { readonly known: string }>();
  private rules = new Map<string, KeepRule>();
  private watched: ReadonlySet<string> = new Set();
  private timer?: NodeJS.Timeout;
  private announcing?: NodeJS.Timeout;
  private looking = false;
  private closed = false;

  constructor(
    private readonly engine: QueueEngine,
    @Inject(RESOLVED_OPTIONS) private readonly app: ResolvedOptions,
  ) {}

  /** From now on this process looks after these queues, and says what it keeps of its definitions. */
  watch(queues: Iterable<string>, definitions: Iterable<AnyJobDefinition>): void {
    for (const definition of definitions)
      this.rules.set(definition.name, effectiveSettings(definition, this.app).keep);
    this.watched = new Set(queues);
    this.announce();
    this.announcing = setInterval(() => this.announce(), WORKER_HEARTBEAT);
    this.announcing.unref();
    for (const queue of this.watched) this.due.set(queue, Date.now() + SOON);
    this.arm();
  }

  /** What the worker of a queue is told to keep of jobs that say nothing of it themselves. */
  watchForeign(queue: string, { removeOnComplete, removeOnFail }: EndingJob['opts']): void {
    const completed = fromEngineKeep(removeOnComplete);
    const dead = fromEngineKeep(removeOnFail);
    if (!completed && !dead) return;
    const forEver = { age: Infinity, count: Infinity };
    this.rules.set(foreignRule(queue), { completed: completed ?? forEver, dead: dead ?? forEver });
  }

  /** Before a job ends: says what the engine has to do then. Called for every job. */
  settle({ name, queueName, opts }: EndingJob): void {
    const rule = this.rules.get(name) ?? this.rules.get(foreignRule(queueName));
    const isOwn = this.rules.has(name);
    const completed = (isOwn ? undefined : fromEngineKeep(opts.removeOnComplete)) ?? rule?.completed;
    const dead = (isOwn ? undefined : fromEngineKeep(opts.removeOnFail)) ?? rule?.dead;
    const isWaited = readMeta(opts).waited === true;
    opts.removeOnComplete = completed?.count === 0 && !isWaited;
    opts.removeOnFail = dead?.count === 0 && !isWaited;
    this.note(queueName);
  }

  /** A job of the queue has ended. */
  note(queue: string): void {
    const at = this.due.get(queue);
    if (this.closed || (at !== undefined && at <= Date.now() + SOON)) return;
    this.due.set(queue, Date.now() + SOON);
    this.arm();
  }

  async onApplicationShutdown(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.timer);
    clearInterval(this.announcing);
    if (this.rules.size > 0 && this.engine.ready)
      await this.engine.finished.announce(this.rules, true).catch(() => undefined);
  }

  private announce(): void {
    if (this.engine.ready) this.engine.finished.announce(this.rules).catch(() => undefined);
  }

  private arm(): void {
    if (this.looking || this.closed) return;
    clearTimeout(this.timer);
    if (this.due.size === 0) return;
    const next = Math.min(...this.due.values());
    this.timer = setTimeout(() => void this.look(), Math.max(0, next - Date.now()));
    this.timer.unref();
  }

  private async look(): Promise<void> {
    this.looking = true;
    const now = Date.now();
    let [read, readAt]: [Promise<Held> | undefined, number] = [undefined, 0];
    const held = () => {
      // A long look must not go by what others held at its beginning.
      if (!read || Date.now() - readAt > SOON) [read, readAt] = [this.engine.finished.rules(), Date.now()];
      return read;
    };
    for (const [queue, at] of this.due) {
      if (at > now || this.closed) continue;
      if (this.watched.has(queue)) this.due.set(queue, now + NOW_AND_THEN);
      else this.due.delete(queue);
      const next = await this.lookAt(queue, held).catch(() => Date.now() + WORKER_HEARTBEAT);
      if (next < (this.due.get(queue) ?? Infinity)) this.due.set(queue, next);
    }
    this.looking = false;
    this.arm();
  }

  /** @param held the rules, read once for the queues of a short look @returns when to look again */
  private async lookAt(queue: string, held: () => Promise<Held>): Promise<number> {
    const { rules, differ } = await held();
    // One of them is about to go.
    let next = differ ? Date.now() + WORKER_HEARTBEAT : Infinity;
    for (const state of ['completed', 'failed'] as const) {
      next = Math.min(next, await this.lookAtState(queue, state, rules));
      if (this.closed) break;
    }
    return next;
  }

  private async lookAtState(queue: string, state: FinishedState, rules: KeepRules): Promise<number> {
    const { finished } = this.engine;
    const key = `${queue} ${state}`;
    const before = this.looked.get(key);
    const known = JSON.stringify([...rules]);
    const isSame = before?.known === known && before.kept === (await finished.count(queue, state));
    if (isSame && before.nextAt > Date.now()) return before.nextAt;
    const endLease = await finished.lease(queue, state, LEASE);
    if (!endLease) return Date.now() + SOON;
    let pause = SOON;
    try {
      const trimmed = await finished.trim(queue, state, rules);
      this.looked.set(key, { ...trimmed, known });
      pause = Math.max(SOON, Math.ceil(trimmed.kept * PAUSE_PER_JOB));
      return Math.max(trimmed.nextAt, Date.now() + pause);
    } finally {
      await endLease(pause);
    }
  }
}
