import { Logger } from '@nestjs/common';
import type { OpenOutbox, OutboxHost, OutboxState } from '../contract/outbox.js';
import { DoneMarks } from './done.marks.js';
import type { OutboxDatabase } from './outbox.database.js';
import { Housekeeping } from './outbox.housekeeping.js';
import type { OutboxSettings } from './outbox.options.js';
import type { OutboxStatements } from './outbox.statements.js';
import { CommitListener } from './commit.listener.js';
import { type BatchOutcome, RelayBatch } from './relay.batch.js';
import { RelayLease } from './relay.lease.js';

/** How often, in milliseconds, rows are looked for: where commits are not heard, and as a net where they are. */
const POLL = 250;
const LISTENING_POLL = 1_000;
/** How long, in milliseconds, to wait after trouble; and for the lease, when another process has it. */
const TROUBLE_PAUSE = 500;
const FOLLOW = 1_000;
/** How often, in milliseconds, Redis is asked whether it has been emptied. */
const EPOCH_LOOK = 1_000;
/** The same trouble is told once in so many milliseconds. */
const TELL_EVERY = 60_000;
const STATE_TIMEOUT = 900;

/** Takes part in handing recorded jobs to Redis: one process of the app at a time does. */
export class PostgresRelay implements OpenOutbox {
  readonly relaysEverywhere: boolean;
  private readonly logger = new Logger('ScalrQueue');
  private readonly lease: RelayLease;
  private readonly batch: RelayBatch;
  private readonly marks: DoneMarks;
  private readonly listener: CommitListener;
  private readonly housekeeping: Housekeeping;
  private readonly told = new Map<string, number>();
  private running?: Promise<void>;
  private stopped = false;
  private wakeUp: () => void = () => undefined;
  /** Set by a commit. Cleared before the look, so that one that comes in its middle is not missed. */
  private woken = false;
  private epochLookedAt = -Infinity;
  private troubled = false;

  constructor(
    private readonly host: OutboxHost,
    private readonly database: OutboxDatabase,
    private readonly statements: OutboxStatements,
    settings: OutboxSettings,
  ) {
    this.relaysEverywhere = settings.relay === 'everywhere';
    const tell = (trouble: unknown) => this.tellTrouble(trouble);
    this.lease = new RelayLease(host.app, database, statements);
    this.batch = new RelayBatch(host, database, statements, this.lease);
    this.marks = new DoneMarks(host.app, database, statements, tell);
    this.listener = new CommitListener(host.app, database, settings.notify, () => this.wake());
    this.housekeeping = new Housekeeping(host, database, statements, settings.keep);
  }

  startRelay(): void {
    this.running ??= this.run();
  }

  async stopRelay(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.running;
  }

  ended(name: string, id: string): void {
    this.marks.add(name, id);
  }

  async state(): Promise<OutboxState> {
    const { rows } = await this.database.query(this.statements.state, [this.host.app], STATE_TIMEOUT);
    const { pending = 0, age, refused = 0, holder } = rows[0] ?? {};
    return {
      pending: Number(pending),
      oldestPendingAgeMs: Math.max(0, Math.round(Number(age ?? 0))),
      refused: Number(refused),
      leads: this.lease.held,
      led: typeof holder === 'string',
    };
  }

  flush(): Promise<void> {
    return this.marks.flush();
  }

  async close(): Promise<void> {
    await this.stopRelay();
    await this.marks.close();
    await this.database.close();
  }

  /** @internal */
  tellTrouble(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    const now = performance.now();
    this.troubled = true;
    if (now - (this.told.get(text) ?? -Infinity) < TELL_EVERY) return;
    if (this.told.size > 50) this.told.clear();
    this.told.set(text, now);
    this.logger.warn(`The outbox of ${this.host.app} is held up, recorded jobs wait: ${text}`);
  }

  private wake(): void {
    this.woken = true;
    this.wakeUp();
  }

  private async run(): Promise<void> {
    const forget = this.host.onReady(() => {
      this.epochLookedAt = -Infinity;
      this.batch.release();
      this.wake();
    });
    while (!this.stopped) {
      try {
        await this.turn();
      } catch (error) {
        this.tellTrouble(error);
        await this.pause(TROUBLE_PAUSE);
      }
    }
    forget();
    await this.listener.close();
    await this.lease.release();
  }

  private async turn(): Promise<void> {
    if (!(await this.lease.take())) {
      await this.listener.close();
      return this.pause(FOLLOW * (0.75 + Math.random() / 2));
    }
    if (this.lease.isNew()) this.logger.log(`This process relays the outbox of ${this.host.app}`);
    await this.listener.open();
    await this.lookAtEpoch();
    this.woken = false;
    const outcome = await this.burst();
    if (outcome.held) this.tellTrouble(outcome.held);
    else if (this.troubled && outcome.sent > 0) {
      this.troubled = false;
      this.told.clear();
      this.logger.log(`The outbox of ${this.host.app} is relayed again`);
    }
    this.housekeeping.run(this.lease).catch((error: unknown) => this.tellTrouble(error));
    if (outcome.next || this.woken) return;
    await this.pause(outcome.held || !this.listener.hears ? POLL : LISTENING_POLL);
  }

  /** Batch after batch, each sent while the one before is marked; from the beginning again after a while. */
  private async burst(): Promise<BatchOutcome> {
    const end = performance.now() + EPOCH_LOOK;
    let marking = Promise.resolve();
    let sent = 0;
    for (let after: string | undefined; ;) {
      const outcome = await this.batch.run(after);
      await marking;
      marking = outcome.mark();
      // It is waited for below, or with the next one.
      marking.catch(() => undefined);
      sent += outcome.sent;
      after = outcome.next;
      if (after !== undefined && !outcome.held && !this.stopped && performance.now() < end) continue;
      await marking;
      return { ...outcome, sent };
    }
  }

  /** Everything that has not ended is sent again once Redis does not have the mark any more that it was sent with. */
  private async lookAtEpoch(): Promise<void> {
    const now = performance.now();
    if (now - this.epochLookedAt < EPOCH_LOOK) return;
    const found = await this.host.epoch();
    if (found === undefined || found !== this.lease.epoch) {
      const epoch = found ?? (await this.host.markEpoch(crypto.randomUUID()));
      const again = await this.lease.beginEpoch(epoch);
      if (again > 0)
        this.logger.warn(
          `Redis does not hold what the outbox of ${this.host.app} was sent to any more: ${again} jobs that have not ended are sent again`,
        );
    }
    this.epochLookedAt = now;
  }

  private async pause(ms: number): Promise<void> {
    if (this.stopped || this.woken) {
      this.woken = false;
      return;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wakeUp = () => undefined;
  }
}
