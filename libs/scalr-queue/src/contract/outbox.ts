/** Runs one statement in the transaction of an app; what it resolves to is not looked at. Its parameters are texts. */
export type OutboxStatement = (text: string, params: readonly string[]) => Promise<unknown>;

/** A job as an outbox records it. */
export interface RecordedJob {
  readonly name: string;
  readonly id: string;
  readonly queue: string;
  /** The payload, as JSON. */
  readonly payload: string;
  /** What is stored beside it, as JSON. */
  readonly options: string;
  /** Whether it is sent again until it has ended, should Redis lose it. */
  readonly durable: boolean;
}

/** What became of a recorded job that was handed to Redis. */
export type SentRecord =
  /** It is there, or was and has ended; `countsId` is another id where an equal job (`unique`) counts in its place. */
  | { readonly sent: 'created' | 'duplicate' | 'replaced' | 'rerun'; readonly countsId: string }
  /** Redis cannot be used, or the queue is full: try again later. */
  | { readonly held: string }
  /** This one is refused, whenever it is tried. */
  | { readonly refused: string };

/** What became of a job that was sent, as Redis has it: it is there, it has ended, or it was lost. */
export type RecordFate = 'stored' | 'ended' | 'gone';

/** What an outbox asks of the process that it is part of. */
export interface OutboxHost {
  readonly app: string;
  /** Hands recorded jobs to Redis, in this order; idempotent by their ids. Never rejects. @returns of each what became of it */
  send(jobs: readonly RecordedJob[]): Promise<readonly SentRecord[]>;
  /** The same for jobs that were cancelled before Redis had heard of them, or while it did: each is cancelled there. */
  sendCancelled(jobs: readonly RecordedJob[]): Promise<readonly SentRecord[]>;
  /** Rejects while Redis cannot be asked. */
  fates(jobs: readonly Pick<RecordedJob, 'name' | 'id' | 'queue'>[]): Promise<readonly RecordFate[]>;
  /** What Redis was marked with, if it has not been emptied since. Rejects while it cannot be asked. */
  epoch(): Promise<string | undefined>;
  /** Marks Redis, unless it is marked. @returns the mark that it has now */
  markEpoch(epoch: string): Promise<string>;
  /** Calls back whenever Redis can be used again. @returns ends that */
  onReady(listener: () => void): () => void;
}

/** How full an outbox is. */
export interface OutboxState {
  /** Recorded jobs that Redis has not got. */
  readonly pending: number;
  /** How long the oldest of them has waited, in milliseconds. */
  readonly oldestPendingAgeMs: number;
  /** Recorded jobs that were refused for good. */
  readonly refused: number;
  /** Whether this process relays. */
  readonly leads: boolean;
  /** Whether any process relays. */
  readonly led: boolean;
}

/** The outbox of an app in a process. */
export interface OpenOutbox {
  /** Whether this process is to relay from its start on, though it runs no jobs. */
  readonly relaysEverywhere: boolean;
  /** From now on this process takes part in relaying. */
  startRelay(): void;
  /** It takes no more part; another process may at once. */
  stopRelay(): Promise<void>;
  /** Notes that jobs have ended: written within about a second. */
  ended(name: string, id: string): void;
  /** Writes which jobs have ended, as far as it is known, within a second. */
  flush(): Promise<void>;
  /** Rejects when it cannot be known within a second. */
  state(): Promise<OutboxState>;
  /** Writes what is to be written, and closes what it opened itself. */
  close(): Promise<void>;
}

/** Names work that is done once. */
export interface Receipt {
  readonly app: string;
  /** Of one job and no other, whatever is enqueued later with its id. */
  readonly jobId: string;
  /** Of the work within the job. */
  readonly key: string;
}

/** What became of work that is to be done once. */
export type ReceiptOutcome =
  /** It was done now, or before; with what it resolved to then. */
  | { readonly state: 'ran' | 'done'; readonly result: string }
  /** Another run is at it, in a transaction that has not ended. */
  | { readonly state: 'busy' };

/** Where jobs are recorded before Redis hears of them: `postgresOutbox()` of `scalr-queue/outbox` makes one. */
export interface Outbox {
  /** Whether a plain `enqueue` in the middle of a transaction is refused. */
  readonly strict: boolean;
  /** The transaction that the calling code is in, where the adapter can tell. */
  ambient(): unknown;
  /**
   * Records jobs in a transaction of the app, or in one of their own.
   * @throws InvalidOptionError when `tx` is none that the adapter knows, QueueConfigError when the tables are missing
   */
  record(app: string, jobs: readonly RecordedJob[], tx?: unknown): Promise<void>;
  /**
   * Notes that a job is cancelled which has been recorded and not sent: who relays it ends it in Redis.
   * @returns whether there is such a job; not one of a transaction that has not committed
   * @throws QueueUnavailableError when PostgreSQL cannot be used
   */
  cancel(app: string, job: { readonly id: string; readonly name?: string | undefined }): Promise<boolean>;
  /**
   * Runs work and writes its receipt, both in one transaction of the outbox. What the work throws rolls back, and is thrown.
   * @param work is given the transaction, as the adapter makes it; without such an adapter a client of `pg`. What it resolves to is kept
   * @param signal rolls back when it aborts before the commit
   */
  once(
    receipt: Receipt,
    work: (tx: unknown) => Promise<string>,
    signal: AbortSignal,
  ): Promise<ReceiptOutcome>;
  /** For an outbox that needs no boot: called as soon as the process can reach Redis. */
  attach?(host: OutboxHost): void;
  /** @throws QueueConfigError when its tables are missing, of another version or closed to the user; not while it cannot be reached */
  open(host: OutboxHost): Promise<OpenOutbox>;
}

/** Whether a value was made by `postgresOutbox`, also by another copy of this package. */
export function isOutbox(value: unknown): value is Outbox {
  if (typeof value !== 'object' || value === null) return false;
  return ['ambient', 'record', 'once', 'open'].every(
    (method) => typeof (value as Record<string, unknown>)[method] === 'function',
  );
}
