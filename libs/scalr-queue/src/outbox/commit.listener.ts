import { withDeadline } from '../engine/deadline.js';
import type { OutboxDatabase } from './outbox.database.js';
import { CHANNEL } from './outbox.statements.js';
import type { PgClient, PgMessage } from './pg.pool.js';

/** How long, in milliseconds, the first message may take; and until it is tried again where none came. */
const PROOF = 2_000;
const TRY_AGAIN = 60_000;

/**
 * Hears of commits, on a connection that it keeps. Behind a pooler that gives each transaction another connection, such as PgBouncer, LISTEN
 * succeeds and nothing is ever heard: so it first sends itself a message. That goes over a channel which nobody else uses: the pooler's connection
 * goes on listening, for whoever has it next, and on the channel of commits it would be sent a message for each of them.
 */
export class CommitListener {
  private client?: PgClient;
  private triedAt = -Infinity;
  private proof = '';
  private proven: () => void = () => undefined;
  /** Whether commits wake the relay. */
  hears = false;

  constructor(
    private readonly app: string,
    private readonly database: OutboxDatabase,
    private readonly wanted: boolean,
    private readonly onCommit: () => void,
  ) {}

  /** Begins to listen, where that is possible; never rejects. */
  async open(): Promise<void> {
    if (!this.wanted || this.client || performance.now() - this.triedAt < TRY_AGAIN) return;
    this.triedAt = performance.now();
    try {
      if (!(await this.database.canSpareOne())) return;
      const client = await this.database.client(PROOF);
      this.client = client;
      client.on('notification', this.onMessage);
      client.on('error', this.onError);
      const heard = new Promise<void>((resolve) => (this.proven = resolve));
      this.proof = `scalr_queue_${crypto.randomUUID().replaceAll('-', '')}`;
      const listening = async () => {
        await client.query(`listen ${this.proof}`);
        await this.database.query("select pg_notify($1, '') is null as told", [this.proof], PROOF);
        await heard;
        await client.query(`unlisten ${this.proof}`);
        await client.query(`listen ${CHANNEL}`);
      };
      await withDeadline(listening(), PROOF, () => new Error('nothing was heard'));
      this.hears = true;
    } catch {
      this.drop();
    }
  }

  async close(): Promise<void> {
    const { client } = this;
    if (!client) return;
    this.drop();
  }

  private readonly onMessage = ({ channel, payload }: PgMessage): void => {
    if (channel === this.proof) this.proven();
    else if (payload === this.app) this.onCommit();
  };

  private readonly onError = (): void => {
    // It is tried again with the next look.
    this.triedAt = -Infinity;
    this.drop();
    this.onCommit();
  };

  private drop(): void {
    const { client } = this;
    this.client = undefined;
    this.hears = false;
    client?.off('notification', this.onMessage);
    // Closed, not given back: whoever had it next would be sent the messages.
    client?.release(true);
  }
}
