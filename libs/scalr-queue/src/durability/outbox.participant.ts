import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { STATE_CACHE } from '../contract/defaults.js';
import type { OpenOutbox, OutboxState } from '../contract/outbox.js';
import { settlesWithin } from '../engine/deadline.js';
import { knownDefinition } from '../engine/effective-settings.js';
import { QueueEngine } from '../engine/queue.engine.js';
import { JobEvents } from '../observability/job-event.stream.js';
import { JobSender } from '../producer/job.sender.js';
import { RedisSide } from './redis.side.js';

/** How long, in milliseconds, the outbox may hold up a shutdown. */
const FAREWELL = 1_500;

/** The part of this process in the outbox of the app, where that has one: what is recorded here, relayed here and ends here. */
@Injectable()
export class OutboxParticipant
  implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown
{
  private readonly side: RedisSide;
  private outbox?: OpenOutbox;
  private recent?: { readonly at: number; readonly state: Promise<OutboxState | undefined> };

  constructor(
    engine: QueueEngine,
    sender: JobSender,
    private readonly events: JobEvents,
    @Inject(RESOLVED_OPTIONS) private readonly app: ResolvedOptions,
  ) {
    this.side = new RedisSide(app.app, engine, sender, app.clock, events);
    app.outbox?.attach?.(this.side);
  }

  /** @throws QueueConfigError where the tables are not as they have to be */
  async onModuleInit(): Promise<void> {
    const { outbox } = this.app;
    if (!outbox) return;
    this.outbox = await outbox.open(this.side);
    this.listen(this.outbox);
  }

  onApplicationBootstrap(): void {
    if (this.outbox?.relaysEverywhere) this.outbox.startRelay();
  }

  /** This process runs jobs, and takes part in relaying. */
  startRelay(): void {
    this.outbox?.startRelay();
  }

  /** Another process may relay from now on. */
  stopRelay(): void {
    this.outbox?.stopRelay().catch(() => undefined);
  }

  /** No job runs any more: what has ended is written before the app closes its database. */
  async flush(): Promise<void> {
    if (this.outbox) await settlesWithin(this.outbox.flush(), FAREWELL);
  }

  /** As of the last second; undefined without an outbox, and while PostgreSQL does not answer. */
  state(): Promise<OutboxState | undefined> {
    const now = performance.now();
    if (!this.recent || now - this.recent.at > STATE_CACHE)
      this.recent = {
        at: now,
        state: this.outbox?.state().catch(() => undefined) ?? Promise.resolve(undefined),
      };
    return this.recent.state;
  }

  /** Whether the app has one. */
  get present(): boolean {
    return this.outbox !== undefined;
  }

  async onModuleDestroy(): Promise<void> {
    if (this.outbox) await settlesWithin(this.outbox.stopRelay(), FAREWELL);
  }

  async onApplicationShutdown(): Promise<void> {
    if (this.outbox) await settlesWithin(this.outbox.close(), FAREWELL);
  }

  private listen(outbox: OpenOutbox): void {
    const ended = ({ name, id }: { readonly name: string; readonly id: string }) => outbox.ended(name, id);
    this.events.on('completed', (job) => {
      if (knownDefinition(job.name, this.app)?.settings.durable) ended(job);
    });
    // Of jobs that this process does not know, too; there are few of these.
    this.events.on('dead', ended);
    this.events.on('cancelled', ended);
  }
}
