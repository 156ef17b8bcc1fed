import { Logger } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { redactText } from '../observability/redaction.js';
import { ActTokens, type PlannedAct } from './act.tokens.js';
import { ConsoleError } from './console.error.js';
import { ConsoleRedrives, toProgress } from './console.redrives.js';
import type { Redrive, RedriveOptions } from '../dead-letter/redrive.js';
import type { ConsoleRole } from './console.options.js';
import type { AppServices, ConsoleSource } from './console.source.js';
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
  /** `interrupted`: of a redrive whose console is gone; another one carries it on. */
  readonly state: 'running' | 'done' | 'stopped' | 'failed' | 'interrupted';
  /** Why a redrive has stopped. */
  readonly why?: Redrive['why'];
  readonly matched: number;
  readonly done: number;
  /** Dead jobs that stay dead: another one holds their unique key. */
  readonly conflicts?: number;
  readonly error?: string;
  /** What became of the jobs that a redrive retried first. */
  readonly first?: Redrive['first'];
}

type Running = { -readonly [Field in keyof ActProgress]: ActProgress[Field] } & {
  readonly stop: AbortController;
};

/** Acts that have ended and can still be asked for. */
const KEPT = 100;

/** How a redrive goes about it. */
export type ActPace = Pick<RedriveOptions, 'rate' | 'first' | 'stopAt'>;

/**
 * Does to many jobs what a preview has counted, through the services of their app. Retries are redrives, which outlive the console; the others live
 * as long as it does.
 */
export class Acts {
  readonly tokens = new ActTokens();
  private readonly logger = new Logger('ScalrQueueConsole');
  private readonly acts = new Map<string, Running>();
  private readonly redrives: ConsoleRedrives;

  constructor(
    private readonly source: ConsoleSource,
    scope?: readonly string[],
  ) {
    this.redrives = new ConsoleRedrives(source, scope);
  }

  /** How many jobs it would be done to. */
  async count(services: AppServices, { act, filter, before }: Omit<PlannedAct, 'matched'>): Promise<number> {
    if (act !== 'cancel') return services.deadLetters.count(deadFilter(filter, before));
    return (await services.jobs.cancelMany(pendingFilter(filter, before), { dryRun: true })).matched;
  }

  /** Begins it; it goes on behind the answer. */
  async start(services: AppServices, planned: PlannedAct, pace: ActPace = {}): Promise<ActProgress> {
    const { act, app, user: by, matched } = planned;
    if (act === 'retry') {
      const which = deadFilter(planned.filter, planned.before);
      return this.redrives.begin(app, services, which, { ...pace, by, via: 'console' });
    }
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
    return [...[...this.acts.values()].map(shown), ...this.redrives.all()];
  }

  /** Those of the apps that somebody sees. */
  async find(id: string, sees: (app: string) => boolean): Promise<ActProgress> {
    return (await this.redrive(id, sees, 'getRedrive')) ?? shown(this.known(id, sees));
  }

  /** Stops it after the at most 100 jobs that are on their way. */
  async stop(id: string, sees: (app: string) => boolean): Promise<ActProgress> {
    const redrive = await this.redrive(id, sees, 'stop');
    if (redrive) return redrive;
    const act = this.known(id, sees);
    act.stop.abort();
    return shown(act);
  }

  /** Carries on a redrive that has stopped, of any console. */
  async resume(
    id: string,
    sees: (app: string) => boolean,
    { by, ...pace }: ActPace & { readonly by: string },
  ): Promise<ActProgress> {
    const { app, redrive } = ConsoleRedrives.partsOf(id) ?? {};
    const services = app !== undefined && sees(app) ? await this.source.writer?.(app) : undefined;
    if (app === undefined || redrive === undefined || !services) throw unknownAct();
    return this.redrives.resume(app, services, redrive, { ...pace, by, via: 'console' });
  }

  close(): void {
    this.redrives.close();
    for (const { stop } of this.acts.values()) stop.abort();
  }

  /** A redrive of any console, after what is asked for. */
  private async redrive(
    id: string,
    sees: (app: string) => boolean,
    ask: 'getRedrive' | 'stop',
  ): Promise<ActProgress | undefined> {
    const { app, redrive } = ConsoleRedrives.partsOf(id) ?? {};
    if (app === undefined || redrive === undefined || !sees(app)) return undefined;
    const services = await (ask === 'stop' ? this.source.writer?.(app) : this.source.app(app));
    const found = await services?.deadLetters[ask](redrive);
    return found && toProgress(app, found);
  }

  private known(id: string, sees: (app: string) => boolean): Running {
    const act = this.acts.get(id);
    if (!act || !sees(act.app)) throw unknownAct();
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
    await services.deadLetters.delete(which, { signal, onProgress, ...actor });
  }
}

const unknownAct = () => new ConsoleError(404, 'UNKNOWN_ACT', 'no such act is known to this console');

const shown = ({ stop: _stop, ...progress }: Running): ActProgress => progress;

const deadFilter = (filter: PlannedAct['filter'], before: number) => ({
  ...deadFilterOf(new URLSearchParams(filter)),
  before: new Date(before),
});

/** @throws InvalidOptionError where it names neither a queue nor a kind of job: that would be all of an app */
function pendingFilter({ name, queue, tag, state }: PlannedAct['filter'], before: number) {
  return {
    ...(name === undefined ? {} : { definition: name }),
    ...(queue === undefined ? {} : { queue }),
    ...(tag === undefined ? {} : { tag }),
    ...(state === undefined ? {} : { state: state as 'waiting' | 'delayed' }),
    enqueuedBefore: new Date(before),
  };
}
