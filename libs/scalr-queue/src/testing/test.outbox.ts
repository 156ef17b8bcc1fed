import type { OpenOutbox, Outbox, OutboxHost, RecordedJob } from '../contract/outbox.js';

/**
 * Takes the place of PostgreSQL: what is recorded is in the queue at once, as if the transaction had committed. A test of what a rollback
 * does needs the real one. Whatever the app gives as `tx` will do.
 */
export class TestOutbox implements Outbox {
  private host?: OutboxHost;
  private readonly receipts = new Set<string>();

  /** @param real that of the app: it knows in which transaction the code is, and whether it is strict */
  constructor(private readonly real: Outbox | undefined) {}

  get strict(): boolean {
    return this.real?.strict ?? false;
  }

  ambient(): unknown {
    return this.real?.ambient();
  }

  async record(_app: string, jobs: readonly RecordedJob[]): Promise<void> {
    await this.host!.send(jobs);
  }

  async once<T>(
    { jobId, key }: { readonly jobId: string; readonly key: string },
    work: (tx: unknown) => Promise<T>,
  ): Promise<{ readonly ran: true; readonly value: T } | { readonly ran: false }> {
    const receipt = `${jobId} ${key}`;
    if (this.receipts.has(receipt)) return { ran: false };
    const value = await work(undefined);
    this.receipts.add(receipt);
    return { ran: true, value };
  }

  /** A test may compile its module and not initialise it. */
  attach(host: OutboxHost): void {
    this.host = host;
  }

  async open(): Promise<OpenOutbox> {
    return {
      relaysEverywhere: false,
      startRelay: () => undefined,
      stopRelay: async () => undefined,
      ended: () => undefined,
      flush: async () => undefined,
      state: async () => ({ pending: 0, oldestPendingAgeMs: 0, refused: 0, leads: true, led: true }),
      close: async () => undefined,
    };
  }
}
