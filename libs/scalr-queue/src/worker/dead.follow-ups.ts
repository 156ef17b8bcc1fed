import { Inject, Injectable, Logger } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { Snooze } from '../contract/control-flow-signals.js';
import type { DeadJob } from '../contract/dead-job.js';
import * as defaults from '../contract/defaults.js';
import type { JobContext } from '../contract/job-context.js';
import type { DeadReason } from '../contract/job-info.js';
import { type AnyJobDefinition, defineJob } from '../contract/job-definition.js';
import { RESERVED_PREFIX } from '../contract/ping.js';
import { toDeadJob } from '../dead-letter/dead-job.mapper.js';
import { AttemptFailure } from '../engine/attempt-failure.js';
import type { WorkerHooks } from '../engine/engine-worker.js';
import { effectiveSettings } from '../engine/effective-settings.js';
import { describeThrown, parseDeath } from '../engine/failure.js';
import { fromStoredId, toStoredId } from '../engine/job-id.js';
import { type JobMeta, readMeta } from '../engine/job-meta.js';
import type { PreparedJob } from '../engine/prepared-job.js';
import { QueueEngine } from '../engine/queue.engine.js';
import type { StoredJob } from '../engine/stored-job.js';
import { JobHooks } from '../hooks/job.hooks.js';
import { JobReader } from '../inspection/job.reader.js';
import type { JobHandler } from './handler.explorer.js';
import { ShutdownController } from './shutdown.controller.js';

/** What a follow-up knows of the death: enough where the job is not kept. */
interface Death {
  /** Class of the hook that it is for: each has a job of its own, so that one that fails does not repeat the others. */
  readonly hook: string;
  readonly storedId: string;
  readonly queue: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** When the run began that it ended, where Redis has it that way. */
  readonly startedAt?: number | undefined;
  readonly info: Pick<DeadJob, 'name' | 'reason' | 'attempt' | 'maxAttempts' | 'error'> & {
    readonly enqueuedAt: number;
  };
}

/** A name that `defineJob` keeps for the library. */
const FollowUp: AnyJobDefinition = Object.freeze({
  ...defineJob<Death>('dead', { retry: { attempts: 10 } }),
  name: `${RESERVED_PREFIX}dead`,
});

/** What is stored of the job is not to be relied on. */
const DAMAGED: ReadonlySet<string> = new Set<DeadReason>(['data-missing', 'unreadable']);
const RETRY_PAUSE = 1_000;
/** How often Redis may fail over a follow-up, other than by being away or by refusing it, which both have an end. */
const MAX_FAULTS = 5;
const SHORTEST_WAIT = 1_000;
const LONGEST_WAIT = 60_000;

/**
 * The jobs that call `dead` of hooks. Each is stored before the death that it follows: whatever crashes in between, the job dies again or
 * its follow-up finds out that it lives.
 */
@Injectable()
export class DeadFollowUps {
  /** To be called before a failure is stored, which is not to be where it says so; undefined where no hook asks for deaths. */
  readonly dying: WorkerHooks['dying'];
  private readonly logger = new Logger('ScalrQueue');

  constructor(
    private readonly hooks: JobHooks,
    private readonly engine: QueueEngine,
    private readonly reader: JobReader,
    private readonly shutdown: ShutdownController,
    @Inject(RESOLVED_OPTIONS) private readonly app: ResolvedOptions,
  ) {
    if (hooks.deadHooks().length > 0) this.dying = (job, error) => this.announce(job, error);
  }

  /** The handlers of a process, with that of the follow-ups: a worker runs those of its queues. */
  withHandler(handlers: ReadonlyMap<string, JobHandler>): ReadonlyMap<string, JobHandler> {
    if (!this.dying) return handlers;
    const handler: JobHandler = {
      definition: FollowUp,
      label: FollowUp.name,
      schedules: [],
      invoke: (payload, context) => this.followUp(payload as Death, context),
    };
    return new Map([...handlers, [FollowUp.name, handler]]);
  }

  /** @returns false where there was no time: the death is not to be stored then, so that the job dies again elsewhere */
  private async announce(job: StoredJob, error: Error): Promise<boolean> {
    const death = this.deathOf(job, error);
    if (!death || job.name === FollowUp.name) return true;
    this.engine.types.record({ name: FollowUp.name, queue: job.queueName });
    for (const hook of this.hooks.deadHooks())
      if (!(await this.store(this.prepare({ hook, ...death }, job)))) return false;
    return true;
  }

  /** Undefined where the job goes on, or was cancelled: somebody wanted that. */
  private deathOf(job: StoredJob, error: Error): Omit<Death, 'hook'> | undefined {
    const attempts = { made: job.attemptsMade, max: job.opts.attempts ?? 1 };
    const isLast = error.name === 'UnrecoverableError' || attempts.made + 1 >= attempts.max;
    if (error instanceof AttemptFailure ? error.kind === 'retrying' : !isLast) return undefined;
    const { kind, error: info } =
      error instanceof AttemptFailure
        ? { kind: error.kind, error: error.info }
        : job.deferredFailure === undefined
          ? { kind: 'attempts' as const, error: describeThrown(error) }
          : parseDeath(job.deferredFailure, attempts);
    if (kind === 'cancelled' || kind === 'retrying') return undefined;
    const { name, message, code } = info;
    return {
      storedId: job.id ?? '',
      queue: job.queueName,
      at: this.app.clock.now(),
      startedAt: DAMAGED.has(kind) ? undefined : job.processedOn,
      info: {
        name: job.name,
        reason: kind,
        attempt: attempts.made + 1,
        maxAttempts: Math.max(attempts.max, 1),
        error: { name, message, ...(code ? { code } : {}) },
        enqueuedAt: job.timestamp,
      },
    };
  }

  private prepare(death: Death, job: StoredJob): PreparedJob {
    const { name } = FollowUp;
    const plan = effectiveSettings(FollowUp, this.app);
    // The same for the same death, however often it is announced.
    const key = JSON.stringify([death.hook, death.queue, death.storedId, job.processedOn]);
    const id = createHash('sha256').update(key).digest('hex').slice(0, 32);
    const { ctx } = readMeta(job.opts);
    const meta: JobMeta = ctx ? { ctx } : {};
    const own = { scalr: meta };
    return {
      id,
      name,
      queue: job.queueName,
      json: JSON.stringify(death),
      contested: true,
      memory: plan.keepIds,
      options: {
        jobId: toStoredId(name, id),
        timestamp: this.app.clock.now(),
        attempts: plan.retry.attempts,
        backoff: { type: 'scalr' },
        stackTraceLimit: defaults.KEPT_FAILURES,
        keepLogs: defaults.KEPT_LOG_LINES,
        ...plan.carriedKeep,
        ...own,
      },
    };
  }

  /** Without it the death would be followed by nothing: an outage is waited out, as it is for the death itself. */
  private async store(followUp: PreparedJob): Promise<boolean> {
    const { forceSignal } = this.shutdown;
    for (let faults = 0; ;) {
      try {
        await this.engine.intake.addContested(followUp, []);
        return true;
      } catch (error) {
        if (this.engine.ready && this.engine.isInDoubt(error)) faults++;
        if (faults >= MAX_FAULTS) {
          const { name, message } = describeThrown(error);
          this.logger.error(`a dead job of ${followUp.queue} has no follow-up, ${name}: ${message}`);
          return true;
        }
        if (forceSignal.aborted) return false;
        await sleep(RETRY_PAUSE, undefined, { signal: forceSignal }).catch(() => undefined);
      }
    }
  }

  private async followUp(death: Death, context: JobContext): Promise<void> {
    const { queue, storedId } = death;
    const found = await this.reader.bounded(() => this.reader.readStored(queue, storedId));
    if (found?.state === 'failed') {
      // Its worker was killed before it could store that death. The one that is stored has a follow-up of its own.
      const startedAt = death.startedAt ?? found.job.processedOn;
      if (startedAt !== found.job.processedOn) return;
      return this.hooks.dead(death.hook, toDeadJob(found), context);
    }
    if (!found) return this.hooks.dead(death.hook, remains(death), context);
    // Its death is about to be stored, or it runs again as its worker crashed before. In any other state it lives.
    if (found.state !== 'active') return;
    const age = this.app.clock.now() - death.at;
    throw new Snooze(Math.round(Math.min(Math.max(age / 2, SHORTEST_WAIT), LONGEST_WAIT)));
  }
}

/** What is left of a job that is not kept. */
function remains({ storedId, queue, at, info: { enqueuedAt, ...info } }: Death): DeadJob {
  return {
    id: fromStoredId(storedId),
    queue,
    state: 'dead',
    ...info,
    enqueuedAt: new Date(enqueuedAt),
    finishedAt: new Date(at),
    payload: undefined,
    failures: [],
  };
}
