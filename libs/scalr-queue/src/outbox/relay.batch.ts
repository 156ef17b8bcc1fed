import { Logger } from '@nestjs/common';
import type { OutboxHost, RecordedJob, SentRecord } from '../contract/outbox.js';
import { type OutboxDatabase, StatementFailed } from './outbox.database.js';
import { type OutboxStatements, RELAY_BATCH } from './outbox.statements.js';
import type { RelayLease } from './relay.lease.js';

/** After so many tries a row that is refused is left alone. */
const MAX_TRIES = 10;
/** How long, in milliseconds, the rows of a queue are left alone that takes none. */
const HOLD = 500;
const TIMEOUT = 10_000;

interface Row extends RecordedJob {
  readonly seq: string;
  /** Below zero for one that is cancelled. */
  readonly tries: number;
}

type Sent = Extract<SentRecord, { readonly sent: string }>;

/** What came of a look. */
export interface BatchOutcome {
  readonly sent: number;
  /** Where the next look begins, while there may be more to send at once. */
  readonly next?: string | undefined;
  /** Why rows wait that could be sent otherwise. */
  readonly held?: string | undefined;
  /** Writes what was sent; another batch may be sent meanwhile. */
  readonly mark: () => Promise<void>;
}

const NOTHING: BatchOutcome = { sent: 0, mark: async () => undefined };

/**
 * Takes the next rows, hands them to Redis, and marks them. There is no mark of how far it has come: a transaction that commits late has rows
 * before those that were sent. What is sent and not marked is sent again, with the same ids: that makes no second job.
 */
export class RelayBatch {
  private readonly logger = new Logger('ScalrQueue');
  /** Queues that take nothing, and until when. */
  private readonly heldQueues = new Map<string, number>();

  constructor(
    private readonly host: OutboxHost,
    private readonly database: OutboxDatabase,
    private readonly statements: OutboxStatements,
    private readonly lease: RelayLease,
  ) {}

  /** What was held up may be tried at once. */
  release(): void {
    this.heldQueues.clear();
  }

  /** @param after the rows up to this one are being marked */
  async run(after = '0'): Promise<BatchOutcome> {
    const now = performance.now();
    for (const [queue, until] of this.heldQueues) if (until <= now) this.heldQueues.delete(queue);
    const { rows: found } = await this.database.query(
      this.statements.pending,
      [this.host.app, [...this.heldQueues.keys()], after],
      TIMEOUT,
    );
    const rows = found as unknown as Row[];
    // One that slept for longer than the lease must not send what it saw before.
    if (rows.length === 0 || !this.lease.held) return NOTHING;
    // Before they are sent: what is sent before another epoch begins does not count in that.
    const { epoch = '' } = this.lease;
    const outcomes = await this.send(rows);
    let held: string | undefined;
    const sent: { row: Row; outcome: Sent }[] = [];
    const refused: { row: Row; why: string }[] = [];
    for (const [index, row] of rows.entries()) {
      const outcome = outcomes[index]!;
      if ('sent' in outcome) sent.push({ row, outcome });
      // Nobody wants it any more.
      else if ('refused' in outcome && isCancelled(row))
        sent.push({ row, outcome: { sent: 'created', countsId: row.id } });
      else if ('refused' in outcome) refused.push({ row, why: outcome.refused });
      else {
        held = outcome.held;
        this.heldQueues.set(row.queue, performance.now() + HOLD);
      }
    }
    return {
      sent: sent.length,
      next: rows.length === RELAY_BATCH && sent.length > 0 ? rows.at(-1)!.seq : undefined,
      held,
      mark: async () => {
        await this.mark(sent, epoch);
        for (const { row, why } of refused) await this.refuse(row, why);
      },
    };
  }

  /** Cancelled ones after the others: one of these may be what is cancelled. */
  private async send(rows: readonly Row[]): Promise<readonly SentRecord[]> {
    const cancelled = rows.filter(isCancelled);
    if (cancelled.length === 0) return this.host.send(rows);
    const sent = (await this.host.send(rows.filter((row) => !isCancelled(row)))).values();
    const ended = (await this.host.sendCancelled(cancelled)).values();
    return rows.map((row) => (isCancelled(row) ? ended : sent).next().value!);
  }

  private async mark(sent: readonly { row: Row; outcome: Sent }[], epoch: string): Promise<void> {
    if (sent.length === 0) return;
    const seqs: string[] = [];
    const done: boolean[] = [];
    const cancelled: boolean[] = [];
    for (const { row, outcome } of sent) {
      seqs.push(row.seq);
      // Another job counts in its place: this one never runs.
      done.push(outcome.countsId !== row.id || isCancelled(row));
      cancelled.push(isCancelled(row));
      if (outcome.sent === 'replaced') await this.settleReplaced(row, outcome.countsId);
      else if (outcome.sent === 'rerun' && outcome.countsId !== row.id)
        await this.takeOver(row, outcome.countsId);
    }
    const { app } = this.host;
    const { holder } = this.lease;
    await this.database.query(this.statements.markSent, [seqs, done, app, holder, epoch, cancelled], TIMEOUT);
  }

  /** What a job with the same unique key took the place of must not come back should Redis be lost. */
  private async settleReplaced(row: Row, countsId: string): Promise<void> {
    if (countsId !== row.id) return this.takeOver(row, countsId);
    const key = uniqueKeyOf(row);
    if (key) await this.database.query(this.statements.replaced, [this.host.app, row.seq, key], TIMEOUT);
  }

  /** The job that counts has the payload of this one now. */
  private async takeOver(row: Row, countsId: string): Promise<void> {
    try {
      await this.database.query(this.statements.takeOver, [this.host.app, countsId, row.seq], TIMEOUT);
    } catch (error) {
      // Options that jsonb cannot hold: the other row keeps its payload, and this one must not hold all others up.
      if (!(error instanceof StatementFailed && error.state?.startsWith('22'))) throw error;
    }
  }

  private async refuse(row: Row, why: string): Promise<void> {
    const { rows } = await this.database.query(
      this.statements.refuse,
      [row.seq, why.slice(0, 1_000), MAX_TRIES],
      TIMEOUT,
    );
    if (typeof rows[0]?.error !== 'string') return;
    this.logger.error(
      `The recorded job ${row.id} of ${row.name} was refused ${MAX_TRIES} times and is left alone: ${why}. ` +
        'See scalr-queue outbox status; scalr-queue outbox replay tries it again',
    );
  }
}

const isCancelled = ({ tries }: Row): boolean => tries < 0;

function uniqueKeyOf({ options }: RecordedJob): string | undefined {
  const { options: stored } = JSON.parse(options) as {
    options?: { deduplication?: { id?: string } };
  };
  return stored?.deduplication?.id;
}
