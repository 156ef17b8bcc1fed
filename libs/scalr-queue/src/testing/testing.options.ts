import { InvalidOptionError } from '../contract/errors/configuration.errors.js';
import { OptionChecker } from '../contract/option-checker.js';
import type { ScalrQueueOptions } from '../config/scalr-queue.options.js';

/** Runs the work of `ctx.tx`, and gives it a transaction. */
export type TestTransaction = <T>(work: (tx: unknown) => Promise<T>) => Promise<T>;

/** Options of the test kit. */
export interface TestQueueOptions {
  /**
   * `manual` (the default): jobs are recorded, and run when the test calls `drain` or `advance`.
   * `inline`: a job whose time has come runs before `enqueue` returns; how it ends does not change what `enqueue` returns.
   */
  readonly mode?: 'manual' | 'inline';
  /** What the virtual clock shows at first. Defaults to the time of the machine. It stands still until it is moved. */
  readonly now?: Date | number;
  /**
   * Milliseconds of real time that a handler may take before the clock moves on to its timeout. Defaults to 1,000. Set it to
   * 0 where handlers wait for nothing but time; raise it where they talk to slow services.
   */
  readonly patience?: number;
  /**
   * Runs the work of `ctx.tx`, with what the handlers use as a transaction: `(work) => work(client)`, or one of a real database. Without it
   * `tx` can be passed on, to `enqueue` for one, and throws when it is used.
   */
  readonly transaction?: TestTransaction;
}

/** Options of `ScalrQueueTestingModule.forRoot`: those of the kit and of the queue, which needs neither name nor Redis. */
export type TestingModuleOptions = TestQueueOptions & Omit<ScalrQueueOptions, 'redis'>;

/** Options that have passed their checks. */
export interface CheckedTestOptions {
  readonly mode: 'manual' | 'inline';
  readonly now: number;
  readonly patience: number;
  readonly transaction: TestTransaction | undefined;
}

const PATIENCE = 1_000;
const check = new OptionChecker(InvalidOptionError);

/** @throws InvalidOptionError */
export function checkTestOptions(options: TestQueueOptions): CheckedTestOptions {
  const {
    mode = 'manual',
    now = Date.now(),
    patience = PATIENCE,
    transaction,
  } = check.object('the options of the test queue', options, ['mode', 'now', 'patience', 'transaction']);
  const time = now instanceof Date ? now.getTime() : now;
  if (typeof time !== 'number' || !Number.isFinite(time))
    return check.fail('now', 'a valid Date or epoch milliseconds', now);
  if (transaction !== undefined && typeof transaction !== 'function')
    return check.fail('transaction', 'a function', transaction);
  return {
    mode: check.oneOf('mode', mode, ['manual', 'inline']),
    now: time,
    patience: check.integer('patience', patience, 0, 600_000),
    transaction: transaction as TestTransaction | undefined,
  };
}
