import { Inject, Injectable } from '@nestjs/common';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import type { AuditAction, AuditEntry } from '../contract/audit.js';
import { InvalidOptionError, UnknownJobError } from '../contract/errors/configuration.errors.js';
import { ENQUEUE_DEADLINE } from '../contract/defaults.js';
import { settlesWithin } from '../engine/deadline.js';
import { QueueEngine } from '../engine/queue.engine.js';
import { actedOn } from './acted-on.js';
import { actorIn } from './actor.js';

/** An act that is about to begin. */
export interface Act {
  readonly action: AuditAction;
  /** A reference of a job, or a filter, or the names of what it is done to. */
  readonly what: unknown;
  /** Of the act: who does it, and whether it only looks. */
  readonly options?: unknown;
}

/** To how many jobs it was done. */
export type ActCounts = Pick<AuditEntry, 'matched' | 'done'>;

/** Writes down what is done to the jobs, queues and schedules of the app. */
@Injectable()
export class AuditLog {
  constructor(
    private readonly engine: QueueEngine,
    @Inject(RESOLVED_OPTIONS) private readonly app: Pick<ResolvedOptions, 'clock'>,
  ) {}

  /**
   * Acts, and then writes that down. An entry that cannot be written is reported to the log: what was done stays done. Of an act that
   * fails an entry is written without waiting for it, as Redis may be what fails; one that was refused has done nothing and leaves none.
   *
   * @throws InvalidOptionError for a wrong `by`; what the act throws
   */
  async run<T>(act: Act, work: () => Promise<T>, counts: (result: T) => ActCounts = () => ({})): Promise<T> {
    const actor = actorIn(act.options);
    const [at, started] = [this.app.clock.now(), performance.now()];
    const write = (outcome: ActCounts & Pick<AuditEntry, 'error'>) =>
      this.append({
        at,
        ...actor,
        action: act.action,
        what: actedOn(act.what),
        ...outcome,
        dryRun: isDry(act.options),
        tookMs: Math.round(performance.now() - started),
      });
    try {
      const result = await work();
      await settlesWithin(write(counts(result)), ENQUEUE_DEADLINE);
      return result;
    } catch (error) {
      const isRefused = error instanceof InvalidOptionError || error instanceof UnknownJobError;
      if (!isRefused && this.engine.ready) void write({ error: codeOf(error) });
      throw error;
    }
  }

  /** Never rejects. */
  private async append(entry: Omit<AuditEntry, 'id' | 'at'> & { readonly at: number }): Promise<void> {
    try {
      await this.engine.audit.append(JSON.stringify(entry));
    } catch (error) {
      this.engine.report(error);
    }
  }
}

function isDry(options: unknown): boolean {
  return (options as { dryRun?: unknown } | undefined)?.dryRun === true;
}

function codeOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : String(name);
}
