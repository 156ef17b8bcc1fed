import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { QueueClosedError } from '../contract/errors/enqueue.errors.js';
import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import { settlesWithin } from '../engine/deadline.js';
import { onAbort } from '../engine/abort.watch.js';
import type { LockCall } from '../engine/shared.engine.js';
import type { LeaseKeeper } from './lease.keeper.js';
import { type LeaderMark, leaderMarkOf, type OnElected } from './leader.decorator.js';
import { Locks } from './locks.js';
import { SharedProviders } from './providers.js';
import { newToken, SharedCalls, whoAsks } from './shared.calls.js';

/** Names of locks hold no colon: no lock of the app is the office of a leader. */
const OFFICE = 'leader:';
/** How long, in milliseconds, a shutdown waits for a leader whose signal has aborted. */
const LAST_WORDS = 2_000;

/** Stands for election with every `@Leader` of this process, from its boot to its shutdown. */
@Injectable()
export class Elections implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('ScalrQueue');
  private readonly over = new AbortController();
  private readonly campaigns: Promise<void>[] = [];

  constructor(
    private readonly providers: SharedProviders,
    private readonly locks: Locks,
    private readonly calls: SharedCalls,
  ) {}

  /** Called by Nest. */
  onApplicationBootstrap(): void {
    const markOf = (prototype: object) => leaderMarkOf(prototype.constructor);
    const names = new Map<string, string>();
    const leaders = this.providers.marked((prototype) => {
      const mark = markOf(prototype);
      return mark && `@Leader(${mark.name})`;
    });
    for (const { prototype, name } of leaders) {
      const mark = markOf(prototype)!;
      const other = names.get(mark.name);
      if (other)
        throw new QueueConfigError(
          `two leaders "${mark.name}" in one process: ${other} and ${name}. Give the second a name of its own`,
        );
      names.set(mark.name, name);
    }
    for (const { instance, prototype } of leaders)
      this.campaigns.push(this.campaign(instance as OnElected, markOf(prototype)!));
  }

  /** Called by Nest: stands down, so that another is elected at once. */
  async onModuleDestroy(): Promise<void> {
    this.over.abort(new QueueClosedError('the application is shutting down'));
    await settlesWithin(Promise.all(this.campaigns), LAST_WORDS);
  }

  private async campaign(leader: OnElected, { name, lease }: LeaderMark): Promise<void> {
    const { signal } = this.over;
    while (!signal.aborted) {
      const call: LockCall = {
        name: `${OFFICE}${name}`,
        token: newToken(),
        lease,
        who: whoAsks(),
        waits: true,
      };
      const answer = await this.locks.tryOnce(call).catch((error: unknown) => {
        this.calls.report(error);
        return { heldFor: lease };
      });
      if ('keeper' in answer) await this.lead(leader, name, call, answer);
      const pause = 'keeper' in answer ? lease / 3 : Math.min(answer.heldFor + 1, lease / 3);
      // A bit at random, so that not all ask at once.
      await this.calls.pause(Math.ceil(pause * (0.8 + Math.random() / 5)), signal).catch(() => undefined);
    }
  }

  /** Until the lease is lost, it throws, or the process ends. */
  private async lead(
    leader: OnElected,
    name: string,
    call: LockCall,
    { fence, keeper }: { fence: number; keeper: LeaseKeeper },
  ): Promise<void> {
    const term = new AbortController();
    const forget = [keeper.signal, this.over.signal].map((signal) =>
      onAbort(signal, () => term.abort(signal.reason)),
    );
    const ended = new Promise<void>((resolve) => onAbort(term.signal, resolve));
    if (this.over.signal.aborted) term.abort(this.over.signal.reason);
    this.logger.log(`elected as the leader "${name}"`);
    const run = async () => leader.onElected(term.signal, { fence });
    const failed = new Promise<void>((resolve) => {
      run().catch((error: unknown) => {
        if (!term.signal.aborted)
          this.logger.error(`the leader "${name}" failed and stands down`, stackOf(error));
        resolve();
      });
    });
    await Promise.race([ended, failed]);
    if (keeper.lost) this.logger.warn(`the leader "${name}" lost its lease`);
    for (const stop of forget) stop();
    if (!term.signal.aborted) term.abort(new QueueClosedError('it has failed and stands down'));
    await this.locks.release(call, keeper);
  }
}

const stackOf = (error: unknown): unknown => (error instanceof Error ? error.stack : error);
