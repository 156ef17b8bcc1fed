import type { OutboxDatabase } from './outbox.database.js';
import type { OutboxStatements } from './outbox.statements.js';

const EVERY = 1_000;
const AT_ONCE = 5_000;
/** Beyond these the housekeeping finds out what has ended. */
const MAX_HELD = 200_000;
const TIMEOUT = 10_000;

/** Writes which jobs have ended: once a second for all of them, and again when PostgreSQL was away. */
export class DoneMarks {
  private readonly ended: { name: string; id: string }[] = [];
  private timer?: NodeJS.Timeout;
  private writing: Promise<void> = Promise.resolve();
  private closed = false;

  constructor(
    private readonly app: string,
    private readonly database: OutboxDatabase,
    private readonly statements: OutboxStatements,
    private readonly tell: (error: unknown) => void,
  ) {}

  add(name: string, id: string): void {
    if (this.closed || this.ended.length >= MAX_HELD) return;
    this.ended.push({ name, id });
    this.timer ??= setTimeout(() => void this.tick(), EVERY).unref();
  }

  /** Writes what there is; a PostgreSQL that does not answer is not waited for. */
  flush(): Promise<void> {
    return this.write(1_000).catch(() => undefined);
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.flush();
  }

  private async tick(): Promise<void> {
    await this.write(TIMEOUT).catch((error: unknown) => this.tell(error));
    this.timer = undefined;
    if (!this.closed && this.ended.length > 0) this.timer = setTimeout(() => void this.tick(), EVERY).unref();
  }

  /** One at a time: two would take the same ones. */
  private write(timeout: number): Promise<void> {
    this.writing = this.writing.catch(() => undefined).then(() => this.writeAll(timeout));
    return this.writing;
  }

  private async writeAll(timeout: number): Promise<void> {
    while (this.ended.length > 0) {
      const some = this.ended.slice(0, AT_ONCE);
      const names = some.map(({ name }) => name);
      const ids = some.map(({ id }) => id);
      await this.database.query(this.statements.markDone, [this.app, names, ids], timeout);
      this.ended.splice(0, some.length);
    }
  }
}
