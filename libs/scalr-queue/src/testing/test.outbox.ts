import type {
  OpenOutbox,
  Outbox,
  OutboxHost,
  Receipt,
  ReceiptOutcome,
  RecordedJob,
} from '../contract/outbox.js';
import { unlessAborted } from '../engine/abort.watch.js';
import type { TestTransaction } from './testing.options.js';

/** What `ctx.tx` hands out where the test has nothing else: it may be passed on, and says what is missing when it is used. */
const NO_DATABASE: unknown = new Proxy(Object.freeze({}), {
  get(_target, name) {
    if (typeof name === 'symbol' || name === 'then') return undefined;
    throw new Error(
      `tx.${name} is not there: the test kit has no database. Its option transaction gives what the handler uses as tx: ` +
        '{ transaction: (work) => work(client) }',
    );
  },
});

/**
 * Takes the place of PostgreSQL: what is recorded is in the queue at once, as if the transaction had committed. A test of what a rollback
 * does needs the real one. Whatever the app gives as `tx` will do.
 */
export class TestOutbox implements Outbox {
  private host?: OutboxHost;
  /** What each work that is done has given. */
  private readonly receipts = new Map<string, string>();
  private readonly running = new Set<string>();

  /**
   * @param real that of the app: it knows in which transaction the code is, and whether it is strict
   * @param transaction runs the work of `ctx.tx`
   */
  constructor(
    private readonly real: Outbox | undefined,
    private readonly transaction: TestTransaction = (work) => work(NO_DATABASE),
  ) {}

  get strict(): boolean {
    return this.real?.strict ?? false;
  }

  ambient(): unknown {
    return this.real?.ambient();
  }

  async record(_app: string, jobs: readonly RecordedJob[]): Promise<void> {
    await this.host!.send(jobs);
  }

  /** Nothing waits here. */
  async cancel(): Promise<boolean> {
    return false;
  }

  /** Receipts are kept for as long as the kit; what the work has written and enqueued before it throws stays. */
  async once(
    { jobId, key }: Receipt,
    work: (tx: unknown) => Promise<string>,
    signal: AbortSignal,
  ): Promise<ReceiptOutcome> {
    const receipt = `${jobId} ${key}`;
    const before = this.receipts.get(receipt);
    if (before !== undefined) return { state: 'done', result: before };
    if (this.running.has(receipt)) return { state: 'busy' };
    this.running.add(receipt);
    try {
      const result = await unlessAborted(this.transaction(work), signal);
      this.receipts.set(receipt, result);
      return { state: 'ran', result };
    } finally {
      this.running.delete(receipt);
    }
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
