import { InvalidOptionError } from '../contract/errors/configuration.errors.js';
import type { AnyJobDefinition, InputOf } from '../contract/job-definition.js';
import { type Duration } from '../contract/duration.js';
import { OptionChecker } from '../contract/option-checker.js';
import { differences, show } from './difference.js';
import type { EnqueuedRecord } from './enqueued.record.js';

/** A part of a value; at each place a matcher such as `expect.any(String)` may stand. */
export type Expected<T> = T extends (infer E)[]
  ? Expected<E>[]
  : T extends object
    ? { readonly [Key in keyof T]?: Expected<T[Key]> | AnyMatcher }
    : T | AnyMatcher;

/** An asymmetric matcher of Vitest, Jest or another framework. */
export interface AnyMatcher {
  /** Whether the value is as wanted. */
  asymmetricMatch(actual: unknown): boolean;
}

/** What a job that was enqueued must be like; what is left out does not count. */
export interface EnqueueExpectation<D extends AnyJobDefinition> {
  readonly id?: string;
  /** A part of the payload. */
  readonly payload?: Expected<InputOf<D>> | AnyMatcher;
  /** Between the enqueue and the earliest start; `0` for at once. */
  readonly delay?: Duration;
  /** Earliest start. */
  readonly runAt?: Date;
  readonly queue?: string;
  readonly priority?: number;
  /** How many such jobs there must be. Defaults to one or more. */
  readonly times?: number;
}

/** An expectation about enqueued jobs did not hold; test frameworks show `expected` and `actual` as a difference. */
export class EnqueueExpectationError extends Error {
  override readonly name = 'EnqueueExpectationError';

  /**
   * @param message what was expected and found
   * @param expected what was asked for
   * @param actual the jobs that were enqueued
   */
  constructor(
    message: string,
    readonly expected: unknown,
    readonly actual: unknown,
  ) {
    super(message);
  }
}

const KEYS = ['id', 'payload', 'delay', 'runAt', 'queue', 'priority', 'times'];
const check = new OptionChecker(InvalidOptionError);

/** The jobs that are as expected. @throws EnqueueExpectationError when they are not as many as expected */
export function matching<D extends AnyJobDefinition>(
  { name }: AnyJobDefinition,
  expectation: EnqueueExpectation<D>,
  records: readonly EnqueuedRecord<D>[],
): EnqueuedRecord<D>[] {
  const { times, delay, ...rest } = check.object(`the expectation of ${name}`, expectation, KEYS);
  if (times !== undefined) check.integer('times', times, 0, 1_000_000);
  const wanted = {
    ...rest,
    ...(delay === undefined ? {} : { delay: check.duration('delay', delay) }),
  } as Record<string, unknown>;
  const compared = records
    .filter((record) => record.name === name)
    .map((record) => ({ record, differences: differencesOf(wanted, record) }));
  const matches = compared.filter((each) => each.differences.length === 0).map(({ record }) => record);
  if (times === undefined ? matches.length > 0 : matches.length === times) return matches;
  const what = `${name}${Object.keys(wanted).length > 0 ? ` with ${show(wanted)}` : ''}`;
  const often = times === undefined ? 'at least once' : `${show(times)} times`;
  const found = compared.map(
    ({ record, differences }, index) => `  ${index + 1}. ${record.id}\n${bullets(differences)}`,
  );
  const others = [...new Set(records.map((record) => record.name))].join(', ') || 'none at all';
  const summary =
    found.length > 0
      ? `${matches.length} of ${found.length} enqueued match:\n${found.join('\n')}`
      : `no such job was enqueued; enqueued were: ${others}`;
  const actual = compared.map(({ record }) => pick(record, Object.keys(wanted)));
  throw new EnqueueExpectationError(`expected ${what} to be enqueued ${often}; ${summary}`, wanted, actual);
}

function differencesOf(wanted: Record<string, unknown>, record: object): string[] {
  return Object.entries(wanted).flatMap(([key, expected]) =>
    differences(key, expected, (record as Record<string, unknown>)[key]),
  );
}

function bullets(lines: readonly string[]): string {
  return lines.length === 0 ? '     matches' : lines.map((line) => `     - ${line}`).join('\n');
}

function pick(record: object, keys: readonly string[]): object {
  return Object.fromEntries(Object.entries(record).filter(([key]) => keys.includes(key)));
}
