import { hostname } from 'node:os';
import type { OutboxDatabase } from './outbox.database.js';
import { LEASE, type OutboxStatements } from './outbox.statements.js';

const RENEW = 1_500;
/** What a process that holds the lease leaves of it for clocks and turns of its own. */
const MARGIN = 500;
const TIMEOUT = 3_000;

/** One process of the app relays: the one that holds the lease, a row that it renews. It knows by its own clock when it holds it no more. */
export class RelayLease {
  /** Tells processes apart, and a person where to look. */
  readonly holder = `${hostname()}:${process.pid}:${crypto.randomUUID()}`;
  private heldUntil = -Infinity;
  private renewedAt = -Infinity;
  private told = false;
  /** What the Redis was marked with that rows were sent to. */
  epoch: string | undefined;

  constructor(
    private readonly app: string,
    private readonly database: OutboxDatabase,
    private readonly statements: OutboxStatements,
  ) {}

  get held(): boolean {
    return performance.now() < this.heldUntil;
  }

  /** Whether it was not held at the last time that this was asked. */
  isNew(): boolean {
    const isNew = !this.told;
    this.told = true;
    return isNew;
  }

  /** Takes or renews it, when it is time. @returns whether it is held */
  async take(): Promise<boolean> {
    const asked = performance.now();
    if (this.held && asked - this.renewedAt < RENEW) return true;
    if (!this.held) {
      this.told = false;
      const { rows } = await this.database.query(this.statements.leaseHeld, [this.app], TIMEOUT);
      if (rows[0] && rows[0].holder !== this.holder) return false;
    }
    const { rows } = await this.database.query(this.statements.lease, [this.app, this.holder], TIMEOUT);
    if (!rows[0]) {
      this.heldUntil = -Infinity;
      return false;
    }
    this.renewedAt = asked;
    this.heldUntil = asked + LEASE - MARGIN;
    this.epoch = (rows[0].epoch as string | null) ?? undefined;
    return true;
  }

  /** From now on rows are sent to another Redis. @returns how many are to be sent again */
  async beginEpoch(epoch: string): Promise<number> {
    const rows = await this.database.transaction(async (client) => {
      const held = await client.query(this.statements.beginEpoch, [this.app, this.holder, epoch]);
      if (held.rows.length === 0) throw new Error('another process relays now');
      return client.query(this.statements.unsend, [this.app]);
    }, 60_000);
    this.epoch = epoch;
    return (rows as unknown as { rowCount: number | null }).rowCount ?? 0;
  }

  /** Lets another process have it at once. */
  async release(): Promise<void> {
    if (!this.held) return;
    this.heldUntil = -Infinity;
    await this.database.query(this.statements.release, [this.app, this.holder], 1_000).catch(() => undefined);
  }
}
