import { Logger } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { redactText } from '../observability/redaction.js';
import { ActTokens, type PlannedAct } from './act.tokens.js';
import { ConsoleError } from './console.error.js';
import type { ConsoleRole } from './console.options.js';
import type { AppServices } from './console.source.js';
import { deadFilterOf } from './routes/queries.js';

/** What can be done to many jobs, and the least that may do it. */
export const ACTS: Readonly<Record<string, ConsoleRole>> = {
  retry: 'operate',
  cancel: 'operate',
  delete: 'admin',
};

/** How far an act is. */
export interface ActProgress {
  readonly id: string;
  readonly act: string;
  readonly app: string;
  readonly by: string;
  readonly state: 'running' | 'done' | 'stopped' | 'failed';
  readonly matched: number;
  readonly done: number;
  /** Dead jobs that stay dead: another one holds their unique key. */
  readonly conflicts?: number;
  readonly error?: string;
}

type Running = { -readonly [Field in keyof ActProgress]: ActProgress[Field] } & {
  readonly stop: AbortController;
};

/** Acts that have ended and can still be asked for. */
const KEPT = 100;

/** Does to many jobs what a preview has counted, through the services of their app. Lives as long as the console. */
export class Acts {
  readonly tokens = new ActTokens();
  private readonly logger = new Logger('ScalrQueueConsole');
  private readonly acts = new Map<string, Running>();

  /** How many jobs it would be done to. */
  async count(services: AppServices, { act, filter, before }: Omit<PlannedAct, 'matched'>): Promise<number> {
    if (act !== 'cancel') return services.deadLetters.count(deadFilter(filter, before));
    return (await services.jobs.cancelMany(pendingFilter(filter, before), { dryRun: true })).matched;
  }

  /** Begins it; it goes on behind the answer. */
  start(services: AppServices, planned: PlannedAct): ActProgress {
    const { act, app, user: by, matched } = planned;
    const running: Running = {
      id: randomUUID(),
      act,
      app,
      by,
      matched,
      state: 'running',
      done: 0,
      stop: new AbortController(),
    };
    this.acts.set(running.id, running);
    for (const [id, { state }] of this.acts)
      if (this.acts.size > KEPT && state !== 'running') this.acts.delete(id);
    void this.run(services, planned, running)
      .then(() => (running.state = running.stop.signal.aborted ? 'stopped' : 'done'))
      .catch((error: unknown) => {
        running.state = 'failed';
        running.error = redactText(error instanceof Error ? error.message : String(error));
      })
      .finally(() => {
        const { state, done, error = '' } = running;
        const which = redactText(JSON.stringify(planned.filter));
        this.logger.log(
          `${by}: ${act} ${which} of ${app}: ${done} of ${matched}, ${state} ${error}`.trimEnd(),
        );
      });
    return shown(running);
  }

  /** All that run, or have ended and can still be asked for, the newest last. */
  all(): ActProgress[] {
    return [...this.acts.values()].map(shown);
  }

  /** Those of the apps that somebody sees. */
  find(id: string, sees: (app: string) => boolean): ActProgress {
    return shown(this.known(id, sees));
  }

  /** Stops it after the at most 100 jobs that are on their way. */
  stop(id: string, sees: (app: string) => boolean): ActProgress {
    const act = this.known(id, sees);
    act.stop.abort();
    return shown(act);
  }

  close(): void {
    for (const { stop } of this.acts.values()) stop.abort();
  }

  private known(id: string, sees: (app: string) => boolean): Running {
    const act = this.acts.get(id);
    if (!act || !sees(act.app))
      throw new ConsoleError(404, 'UNKNOWN_ACT', 'no such act is known to this console');
    return act;
  }

  private async run(
    services: AppServices,
    { act, filter, before, user }: PlannedAct,
    running: Running,
  ): Promise<void> {
    const { signal } = running.stop;
    const actor = { by: user, via: 'console' as const };
    if (act === 'cancel') {
      const onProgress = ({ cancelled }: { readonly cancelled: number }) => void (running.done = cancelled);
      await services.jobs.cancelMany(pendingFilter(filter, before), { signal, onProgress, ...actor });
      return;
    }
    const onProgress = ({ done }: { readonly done: number }) => void (running.done = done);
    const which = deadFilter(filter, before);
    if (act === 'delete') await services.deadLetters.delete(which, { signal, onProgress, ...actor });
    else {
      const { conflicts = [] } = await services.deadLetters.retry(which, { signal, onProgress, ...actor });
      if (conflicts.length > 0) running.conflicts = conflicts.length;
    }
  }
}

const shown = ({ stop: _stop, ...progress }: Running): ActProgress => progress;

const deadFilter = (filter: PlannedAct['filter'], before: number) => ({
  ...deadFilterOf(new URLSearchParams(filter)),
  before: new Date(before),
});

/** @throws InvalidOptionError where it names neither a queue nor a kind of job: that would be all of an app */
function pendingFilter({ name, queue, state }: PlannedAct['filter'], before: number) {
  return {
    ...(name === undefined ? {} : { definition: name }),
    ...(queue === undefined ? {} : { queue }),
    ...(state === undefined ? {} : { state: state as 'waiting' | 'delayed' }),
    enqueuedBefore: new Date(before),
  };
}
