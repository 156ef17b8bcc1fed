import { Logger } from '@nestjs/common';
import type { Redrive, RedriveOptions } from '../dead-letter/redrive.js';
import type { DeadLetterFilter } from '../dead-letter/dead-letter.filter.js';
import { redactText } from '../observability/redaction.js';
import type { ActProgress } from './acts.js';
import type { AppServices, ConsoleSource } from './console.source.js';

/** How often redrives are looked for whose console is gone. */
const LOOK_MS = 15_000;
/** Those that this console has run and still tells of. */
const KEPT = 100;
const ID = /^([^~]+)~([\da-f]{12})$/;

/**
 * Redrives of dead jobs that consoles have begun. They are written down in their app: any console tells how far they are and stops them, and carries
 * on those whose console is gone.
 */
export class ConsoleRedrives {
  private readonly logger = new Logger('ScalrQueueConsole');
  /** Those that this console runs or has run. */
  private readonly own = new Map<string, ActProgress>();
  private timer?: NodeJS.Timeout;
  private closed = false;

  constructor(
    private readonly source: ConsoleSource,
    private readonly scope?: readonly string[],
  ) {
    if (source.writer) void this.look();
  }

  /** Begins one; resolves when it is written down. It goes on behind the answer. */
  begin(
    app: string,
    { deadLetters }: AppServices,
    which: DeadLetterFilter,
    options: RedriveOptions,
  ): Promise<ActProgress> {
    return this.run(app, (onProgress) => deadLetters.redrive(which, { ...options, onProgress }));
  }

  /** Carries on one that has stopped. */
  resume(
    app: string,
    { deadLetters }: AppServices,
    id: string,
    options: RedriveOptions,
  ): Promise<ActProgress> {
    return this.run(app, (onProgress) => deadLetters.resume(id, { ...options, onProgress }));
  }

  /** The app and the id of a redrive; undefined where the id is that of another act. */
  static partsOf(id: string): { readonly app: string; readonly redrive: string } | undefined {
    const [, app, redrive] = ID.exec(id) ?? [];
    return app === undefined || redrive === undefined ? undefined : { app, redrive };
  }

  all(): ActProgress[] {
    return [...this.own.values()];
  }

  /** Ends nothing: what is not done another console carries on, this one too when it is there again. */
  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private run(
    app: string,
    start: (onProgress: (redrive: Redrive) => void) => Promise<Redrive>,
  ): Promise<ActProgress> {
    return new Promise((begun, refused) => {
      const running = start((redrive) => begun(this.note(app, redrive)));
      running.catch(refused);
      void this.untilEnd(app, running);
    });
  }

  private note(app: string, redrive: Redrive): ActProgress {
    const progress = toProgress(app, redrive);
    this.own.delete(progress.id);
    this.own.set(progress.id, progress);
    for (const [id, { state }] of this.own)
      if (this.own.size > KEPT && state !== 'running') this.own.delete(id);
    return progress;
  }

  private async untilEnd(app: string, running: Promise<Redrive>): Promise<void> {
    try {
      const redrive = await running;
      this.note(app, redrive);
      const { id, by, what, matched, retried, state, why } = redrive;
      const which = redactText(JSON.stringify(what));
      this.logger.log(
        `${by ?? '-'}: redrive ${id} ${which} of ${app}: ${retried} of ${matched}, ${state}${why ? ` (${why})` : ''}`,
      );
    } catch (error) {
      if (!this.closed) this.logger.warn(`a redrive of ${app} is interrupted: ${redactText(String(error))}`);
    }
  }

  private async look(): Promise<void> {
    try {
      await this.carryOn();
    } catch {
      // Redis is away: the next look finds them.
    }
    if (!this.closed) this.timer = setTimeout(() => void this.look(), LOOK_MS).unref();
  }

  private async carryOn(): Promise<void> {
    const { apps } = await this.source.overview(LOOK_MS);
    for (const { app } of apps) {
      if (this.closed) return;
      if (this.scope?.includes(app) === false) continue;
      const services = await this.source.app(app);
      const redrives = (await services?.deadLetters.redrives()) ?? [];
      for (const { id, state, via, by } of redrives) {
        if (via !== 'console' || (state !== 'interrupted' && state !== 'running')) continue;
        // Asked for now and then, the connection is not closed as idle.
        const writer = await this.source.writer?.(app);
        if (!writer || state === 'running') continue;
        const onProgress = (redrive: Redrive) => void this.note(app, redrive);
        const actor = { via: 'console' as const, ...(by === undefined ? {} : { by }) };
        void this.untilEnd(app, writer.deadLetters.carryOn(id, { ...actor, onProgress }));
      }
    }
  }
}

/** A redrive as one of the acts. */
export function toProgress(app: string, redrive: Redrive): ActProgress {
  const { id, state, why, by, matched, retried, kept, first } = redrive;
  return {
    id: `${app}~${id}`,
    act: 'retry',
    app,
    by: by ?? '',
    state: state === 'stopping' ? 'running' : state,
    ...(why === undefined ? {} : { why }),
    matched,
    done: retried,
    ...(kept > 0 ? { conflicts: kept } : {}),
    first,
  };
}
