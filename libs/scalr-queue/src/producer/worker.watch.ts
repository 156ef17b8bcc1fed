import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { withDeadline } from '../engine/deadline.js';
import { QueueEngine } from '../engine/queue.engine.js';
import { UnhandledJobError } from '../contract/errors/enqueue.errors.js';
import type { LastHandler } from '../contract/queue-info.js';
import { takes, type WorkerInfo } from '../contract/worker-info.js';
import { STATE_TIMEOUT, UNHANDLED_GRACE, WORKER_HEARTBEAT } from '../contract/defaults.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';

/** In milliseconds. */
export interface WatchPace {
  /** From one look at the live workers to the next. */
  readonly every: number;
  /** How long a job must be without a handler; also from one warning of its name to the next. */
  readonly grace: number;
}

export const WATCH_PACE = Symbol('WATCH_PACE');

export const DEFAULT_WATCH_PACE: WatchPace = { every: WORKER_HEARTBEAT, grace: UNHANDLED_GRACE };

/** After so many looks without an answer nothing is said about the workers any more. */
const MISSED_LOOKS = 3;

interface Kind {
  readonly name: string;
  readonly queue: string;
}

/**
 * Knows the workers that lived during the last minute, and complains of jobs that none of them takes. It looks in the background,
 * while the process enqueues; a call of `enqueue` never waits for it. Only an unbroken minute counts, so that a restart of the
 * workers, an outage of Redis or the start of this process raise no false alarm.
 */
@Injectable()
export class WorkerWatch implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('ScalrQueue');
  /** By id, with the time when each was last seen taking jobs. */
  private readonly seen = new Map<string, { readonly worker: WorkerInfo; readonly at: number }>();
  /** What was enqueued since it was last found to be handled or complained of. */
  private readonly enqueued = new Map<string, Kind>();
  private readonly warnedAt = new Map<string, number>();
  private unbrokenSince = Infinity;
  private lookedAt = -Infinity;
  private enqueuedAt = -Infinity;
  private timer?: NodeJS.Timeout;
  private closed = false;

  constructor(
    private readonly engine: QueueEngine,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(WATCH_PACE) private readonly pace: WatchPace,
  ) {}

  /** What is to be refused must be known before the first call. */
  onModuleInit(): void {
    if (this.options.unhandled === 'refuse') this.start();
  }

  onApplicationShutdown(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  /** @throws UnhandledJobError with `unhandled: 'refuse'`, when no live worker has taken such jobs for a minute */
  admit({ name, queue }: Kind): void {
    if (this.options.unhandled !== 'refuse' || !this.isUnhandled({ name, queue })) return;
    throw new UnhandledJobError(
      `no live worker has handled ${name} in the queue "${queue}" for a minute, so it was not enqueued. ` +
        `Start a worker that has its handler; or set unhandled: 'warn' in forRoot, and jobs wait for one.`,
    );
  }

  /** A job was enqueued: a warning follows when nobody takes it. */
  note({ name, queue }: Kind): void {
    if (this.options.unhandled === 'ignore') return;
    this.enqueuedAt = performance.now();
    const key = keyOf({ name, queue });
    if (!this.enqueued.has(key)) this.enqueued.set(key, { name, queue });
    this.start();
  }

  private start(): void {
    if (this.timer || this.closed) return;
    const wait = this.pace.every - (performance.now() - this.lookedAt);
    this.timer = setTimeout(() => void this.look(), Math.max(0, wait));
    this.timer.unref();
  }

  private async look(): Promise<void> {
    const at = performance.now();
    try {
      if (this.engine.ready)
        this.remember(
          await withDeadline(this.engine.workers.list(), STATE_TIMEOUT, () => new Error('late')),
          at,
        );
      await this.warn();
    } catch {
      // Who looks after Redis tells of it; until the next answer nothing is known.
    }
    this.timer = undefined;
    const idle = this.enqueued.size === 0 && at - this.enqueuedAt > 2 * this.pace.grace;
    if (this.options.unhandled === 'refuse' || !idle) this.again();
  }

  private again(): void {
    if (this.closed) return;
    this.timer = setTimeout(() => void this.look(), this.pace.every);
    this.timer.unref();
  }

  private remember(workers: readonly WorkerInfo[], at: number): void {
    if (at - this.lookedAt > MISSED_LOOKS * this.pace.every) this.unbrokenSince = at;
    this.lookedAt = at;
    for (const worker of workers) if (!worker.draining) this.seen.set(worker.id, { worker, at });
    for (const [id, last] of this.seen) if (at - last.at > this.pace.grace) this.seen.delete(id);
  }

  private isHandled({ name, queue }: Kind): boolean {
    for (const { worker } of this.seen.values()) if (takes(worker, queue, name)) return true;
    return false;
  }

  private isUnhandled(kind: Kind): boolean {
    const isKnown = performance.now() - this.lookedAt <= MISSED_LOOKS * this.pace.every;
    return isKnown && this.lookedAt - this.unbrokenSince >= this.pace.grace && !this.isHandled(kind);
  }

  private async warn(): Promise<void> {
    for (const [key, kind] of this.enqueued) {
      const unhandled = this.isUnhandled(kind);
      if (!unhandled && !this.isHandled(kind)) continue;
      this.enqueued.delete(key);
      const now = performance.now();
      if (!unhandled || now - (this.warnedAt.get(key) ?? -Infinity) < this.pace.grace) continue;
      this.warnedAt.set(key, now);
      const [found] = await this.engine.workers.withLastHandler([kind]).catch(() => []);
      this.logger.warn(say(kind, found?.lastHandledBy));
    }
  }
}

const keyOf = ({ name, queue }: Kind): string => `${queue} ${name}`;

function say({ name, queue }: Kind, last: LastHandler | undefined): string {
  const who = last
    ? `${last.worker} had its handler last, until ${last.seenAt.toISOString()}`
    : 'none has announced a handler for it yet';
  return (
    `${name} was enqueued into "${queue}", and no live worker has handled it for a minute; ${who}. ` +
    'The job waits until a worker has its handler.'
  );
}
