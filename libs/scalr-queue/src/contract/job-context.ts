import type { CarriedContext } from './carried-context.js';
import type {
  EachOptions,
  EachSource,
  EffectCall,
  JobTransaction,
  OnceOptions,
  TransactionOptions,
} from './effects.js';
import { shareClasses } from './errors/shared-class.js';

const NOTHING = Object.freeze({});

/**
 * What a handler knows about the attempt it runs, and what it can report while it runs.
 * An abstract class rather than an interface, so that it can stand in the signature of a decorated method.
 */
export abstract class JobContext {
  /** Id of the job: the same over all attempts, so a good idempotency key. */
  abstract readonly id: string;
  /** Name of the job, as defined. */
  abstract readonly name: string;
  /** Queue that the job came from. */
  abstract readonly queue: string;
  /** Number of this attempt, from 1. Crashes and redeploys of a worker do not count. */
  abstract readonly attempt: number;
  /** Attempts in all before the job is dead. */
  abstract readonly maxAttempts: number;
  /** When the job was enqueued. */
  abstract readonly enqueuedAt: Date;
  /** The slot of the schedule that this job was enqueued for; undefined for jobs enqueued by code. */
  abstract readonly scheduledFor?: Date;
  /**
   * Aborts when the attempt has no more time: timeout, cancellation, or the end of the shutdown's patience.
   * Pass it to `fetch` and to database clients. `signal.reason` has which.
   */
  abstract readonly signal: AbortSignal;

  /**
   * What the job carries of its caller: the option `context` of `enqueue`, and what hooks added. Whatever the handler enqueues inherits
   * it. Any key may be missing: of a job of an older version, say, or of a schedule.
   */
  get context(): Readonly<Partial<CarriedContext>> {
    return NOTHING;
  }

  /**
   * Stores how far the job is, as a number (0 to 100 by custom) or a JSON object; the last one is kept. Written some times a
   * second at most; never fails the job, and ignores what cannot be stored.
   */
  abstract progress(value: number | object): Promise<void>;

  /**
   * Adds a line to the log kept with the job (the last 100 lines): a string, an error, or what JSON makes of anything else. Written
   * some times a second at most; never fails the job.
   */
  abstract log(message: unknown): Promise<void>;

  /**
   * Does something outside once per job, whatever retries, crashes and deploys: what it returned is stored with the job, and a later run
   * gets that instead. One beside a run that is still at it waits its turn, with no attempt used. Where the worker died in the middle
   * nobody knows whether it has happened, and `onUnknown` says what then.
   *
   * An error of the function says that nothing has happened, so that a retry runs it again; see `isUnknown` for those that do not.
   * @param key names the effect within the job: in a loop, make the item a part of it
   * @param effect is given a key for the other side; returns plain data, or nothing
   * @example const charge = await ctx.once('charge', ({ idempotencyKey }) => bank.charge(amount, { idempotencyKey }));
   */
  once<T>(
    key: string,
    effect: (call: EffectCall) => T | Promise<T>,
    options?: OnceOptions<NoInfer<T>>,
  ): Promise<T>;
  once(): Promise<never> {
    throw notHere('once');
  }

  /**
   * The items of a list, one after the other, going on where an earlier run has stopped: after a deploy, a kill or a failed attempt. An item
   * is finished when the loop asks for the next one; the one that was not may come again. A shutdown lets it finish, and hands the job back
   * with no attempt used: the loop ends with an error that is to be passed on.
   * @param name of the list, within the job
   * @param source the items in an order that does not change, or a function that gives those after a cursor
   * @example
   * for await (const order of ctx.each('orders', (id?: string) => this.orders.after(id), { cursor: ({ id }) => id }))
   *   await this.close(order);
   */
  each<T, C = unknown>(
    name: string,
    source: EachSource<T, C>,
    options?: EachOptions<NoInfer<T>, NoInfer<C>>,
  ): AsyncIterable<T>;
  each(): AsyncIterable<never> {
    throw notHere('each');
  }

  /**
   * Runs work in a transaction of the app's PostgreSQL that commits together with a note that it is done: exactly once within the database,
   * whatever retries, crashes and deploys. A later run of the job gets the result and does not do it again; work that throws, or whose worker dies
   * before the commit, leaves nothing. A run beside one that is still at it waits its turn, with no attempt used.
   *
   * Needs an outbox (`forRoot({ outbox: postgresOutbox({ … }) })`, see docs/outbox.md), and is not there in threads.
   * @param work is given a client of `pg` on which `BEGIN` has run, or what the adapter of the outbox makes; returns plain data, or nothing
   * @example
   * await ctx.tx(async (tx) => {
   *   await tx.query('update accounts set balance = balance - $1 where id = $2', [amount, account]);
   *   await this.jobs.enqueue(TellOwner, { account }, { tx });
   * });
   */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows its library
  tx<T, Tx = JobTransaction>(work: (tx: Tx) => T | Promise<T>, options?: TransactionOptions): Promise<T>;
  tx(): Promise<never> {
    throw notHere('tx');
  }
}

/** An app may have contexts of its own, for unit tests of its handlers. */
function notHere(method: string): Error {
  return new Error(
    `ctx.${method} is not part of a context that the app has made itself; use the one of the test kit`,
  );
}

shareClasses({ JobContext });
