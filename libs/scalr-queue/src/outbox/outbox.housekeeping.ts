import type { OutboxHost, RecordedJob } from '../contract/outbox.js';
import type { OutboxDatabase } from './outbox.database.js';
import { KEEP_SLICE, type OutboxStatements } from './outbox.statements.js';
import type { RelayLease } from './relay.lease.js';

const EVERY = 10_000;
/** Jobs that Redis is asked for at a time. */
const LOOKS = 500;
/** Receipts are needed for as long as a job can run once more: dead ones are kept for 14 days. */
const KEEP_RECEIPTS = 30 * 24 * 3_600_000;
const TIMEOUT = 10_000;

type Unfinished = RecordedJob & { readonly seq: string; readonly sent_at: string };

/**
 * What whoever relays does beside it: deletes what ended long ago, in slices; and asks Redis, by turns, for durable jobs that are said
 * to run for long. Their end may not have been written, and Redis may have lost one without being emptied.
 */
export class Housekeeping {
  private ranAt = -Infinity;
  private running = false;
  private askedUpTo = '0';

  constructor(
    private readonly host: OutboxHost,
    private readonly database: OutboxDatabase,
    private readonly statements: OutboxStatements,
    private readonly keep: number,
  ) {}

  async run(lease: RelayLease): Promise<void> {
    if (this.running || performance.now() - this.ranAt < EVERY) return;
    this.running = true;
    this.ranAt = performance.now();
    try {
      await this.sweep(lease);
      await this.lookForLost();
    } finally {
      this.running = false;
    }
  }

  private async sweep(lease: RelayLease): Promise<void> {
    const { app } = this.host;
    for (const [statement, age] of [
      [this.statements.sweep, this.keep],
      [this.statements.sweepReceipts, Math.max(this.keep, KEEP_RECEIPTS)],
    ] as const) {
      let deleted = KEEP_SLICE;
      while (deleted === KEEP_SLICE && lease.held)
        deleted = (await this.database.query(statement, [app, age], TIMEOUT)).rows.length;
    }
  }

  private async lookForLost(): Promise<void> {
    const { app } = this.host;
    const { rows } = await this.database.query(
      this.statements.unfinished,
      [app, this.askedUpTo, LOOKS],
      TIMEOUT,
    );
    const jobs = rows as unknown as Unfinished[];
    this.askedUpTo = jobs.length < LOOKS ? '0' : jobs.at(-1)!.seq;
    if (jobs.length === 0) return;
    const fates = await this.host.fates(jobs);
    const ended = jobs.filter((_, index) => fates[index] === 'ended');
    const gone = jobs.filter((_, index) => fates[index] === 'gone');
    if (ended.length > 0)
      await this.database.query(
        this.statements.markDone,
        [app, ended.map(({ name }) => name), ended.map(({ id }) => id)],
        TIMEOUT,
      );
    if (gone.length > 0)
      await this.database.query(
        this.statements.unsendLost,
        [gone.map(({ seq }) => seq), gone.map(({ sent_at }) => sent_at)],
        TIMEOUT,
      );
  }
}
