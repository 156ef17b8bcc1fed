import { Inject, Injectable, Logger, type LogLevel } from '@nestjs/common';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import type { LockLostCause } from '../contract/lock-lost-cause.js';
import { cleanName, cleanText } from './clean-text.js';
import { JobEvents } from './job-event.stream.js';
import type {
  BlockFacts,
  EffectEvent,
  FailedEvent,
  FinishedEvent,
  JobEvent,
  LockLostEvent,
} from './job-events.js';
import { isWritten, takesFields } from './job-logger.js';

type Fields = Record<string, unknown>;

/** To follow "another worker has taken it, ". */
const CAUSES: Readonly<Record<LockLostCause, string>> = {
  refused: 'as Redis refused to renew its lock',
  disconnected: 'as the connection to Redis was lost while it ran: an outage, a restart or a failover',
  unanswered: 'as Redis did not answer the renewal of its lock in time',
  late: 'as this one did not renew its lock in time',
};

const AFTER_UNKNOWN: Readonly<Record<EffectEvent['outcome'], string>> = {
  run: 'it runs again, with the same idempotency key',
  dead: 'the job is dead until somebody retries it by hand',
  known: 'the other side knew its result',
};

/** Writes one line per event through Nest's logger: a sentence for people, and fields for machines. Never a payload. */
@Injectable()
export class JobEventLog {
  private readonly logger = new Logger('Job');
  private lost: LockLostEvent[] = [];

  constructor(events: JobEvents, @Inject(RESOLVED_OPTIONS) { reports }: Pick<ResolvedOptions, 'reports'>) {
    if (!reports.jobs) return;
    const { line } = this;
    events.on('enqueued', (it) => line('debug', 'enqueued', it, it.status, { status: it.status }));
    events.on('started', (it) =>
      line('log', 'started', it, () => `attempt ${it.attempt} of ${it.maxAttempts}`),
    );
    events.on('completed', (it) => line('log', 'completed', it, () => times(it)));
    events.on('missed', (it) =>
      line(
        'warn',
        'missed',
        it,
        `the slot ${it.slot.toISOString()} of the schedule ${it.schedule} did not run`,
      ),
    );
    events.on('skipped', (it) =>
      line('log', 'skipped', it, `the schedule ${it.schedule}: ${it.reason}`, { reason: it.reason }),
    );
    events.on('postponed', (it) => line('log', 'postponed', it, times(it)));
    events.on('retrying', (it) =>
      line('warn', 'retrying', it, `in ${it.delayMs} ms, ${failure(it)}`, {
        delayMs: it.delayMs,
        ...errorFields(it),
      }),
    );
    events.on('dead', (it) =>
      line('error', 'dead', it, `${it.reason}, ${failure(it)}`, { reason: it.reason, ...errorFields(it) }),
    );
    events.on('cancelled', (it) => line('log', 'cancelled', it, `was ${it.was}`, { was: it.was }));
    events.on('stalled', (it) => line('warn', 'stalled', it, 'its worker gave no sign of life'));
    events.on('lock-lost', (it) => {
      // What a renewal finds lost it finds all at once.
      if (this.lost.push(it) === 1) queueMicrotask(() => this.tellLost(this.lost.splice(0)));
    });
    events.on('blocked', (it) => line('warn', 'blocked', it, blame(it), { blockedMs: it.blockedMs }));
    events.on('effect-unknown', ({ key, since, outcome, ...it }) =>
      line(
        'warn',
        'effect-unknown',
        it,
        `ctx.once("${key}") was begun at ${since.toISOString()} by a run whose end was not seen; ${AFTER_UNKNOWN[outcome]}`,
        { effect: key, since: since.toISOString(), outcome },
      ),
    );
    events.on('data-missing', (it) =>
      line('error', 'data-missing', it, 'its data is not in Redis. Was it deleted, or evicted?'),
    );
    events.on('handed-back', (it) => line('log', 'handed-back', it, 'its worker shuts down'));
  }

  /** One line for all jobs of a queue that were lost for the same cause. */
  private tellLost(lost: readonly LockLostEvent[]): void {
    const groups = new Map<string, LockLostEvent[]>();
    for (const event of lost) {
      const key = `${event.queue} ${event.cause}`;
      groups.set(key, [...(groups.get(key) ?? []), event]);
    }
    for (const [first, ...others] of groups.values()) {
      if (!first) continue;
      const { cause, connectionLost } = first;
      const more =
        others.length > 0 ? `, and ${others.length} more: ${others.map(({ id }) => id).join(', ')}` : '';
      const jobIds = others.length > 0 ? { jobIds: [first, ...others].map(({ id }) => id) } : {};
      this.line('warn', 'lock-lost', first, `another worker has taken it, ${CAUSES[cause]}${more}`, {
        cause,
        connectionLost,
        ...jobIds,
      });
    }
  }

  private readonly line = (
    level: LogLevel,
    event: string,
    job: JobEvent & Partial<FinishedEvent>,
    more: string | (() => string),
    fields: Fields = {},
  ): void => {
    if (!isWritten(level)) return;
    const subject = `${cleanName(job.name)} ${cleanName(job.id)} in ${cleanName(job.queue)}`;
    const text = `${event} ${subject}: ${cleanText(typeof more === 'string' ? more : more())}`;
    const { staticInstanceRef: target } = Logger as unknown as { staticInstanceRef?: unknown };
    if (!takesFields(target)) return this.logger[level](text);
    const { id: jobId, name: jobName, queue, attempt, waitMs, runMs, traceId: trace_id } = job;
    const given = {
      ...job.context,
      event,
      jobId,
      jobName,
      queue,
      attempt,
      waitMs,
      runMs,
      trace_id,
      ...fields,
    };
    const set = Object.entries(given).filter(([, value]) => value !== undefined);
    this.logger[level](text, Object.fromEntries(set));
  };
}

function blame({ blockedMs, lockMs, handlers }: BlockFacts): string {
  const by = handlers.length === 1 ? handlers[0] : `one of ${handlers.slice(0, 5).join(', ')}`;
  return (
    `worker blocked for ${seconds(blockedMs)} by ${by}, longer than lockDuration ${seconds(lockMs)}: ` +
    'move it to a thread, or let the event loop turn in between, or raise worker.lockDuration'
  );
}

const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`;

function times({ attempt, maxAttempts, waitMs, runMs }: FinishedEvent): string {
  const waited = waitMs === undefined ? '' : `, waited ${waitMs} ms`;
  return `attempt ${attempt} of ${maxAttempts}${waited}, ran ${runMs} ms`;
}

function failure(event: FailedEvent): string {
  const { name, code, message } = event.error;
  return `${times(event)}, ${name}${code ? `[${code}]` : ''}: ${message}`;
}

function errorFields({ error }: FailedEvent): Fields {
  return { errorName: error.name, errorMessage: error.message, errorCode: error.code };
}
