import { AsyncLocalStorage } from 'node:async_hooks';
import type { CarriedContext } from '../contract/carried-context.js';
import { CONTEXT_LIMIT } from '../contract/defaults.js';
import { InvalidOptionError } from '../contract/errors/configuration.errors.js';
import { describe } from '../contract/option-checker.js';
import { toStrictJson } from '../contract/strict-json.js';

/** What a job carries of its caller. */
export type Carried = Readonly<Partial<CarriedContext>>;

const scope = new AsyncLocalStorage<Carried>();
let isUsed = false;

/** Runs the handler of a job that carries something, so that all that it enqueues, however deep and late, carries it on. */
export function carrying<T>(carried: Carried, work: () => T): T {
  isUsed = true;
  return scope.run(carried, work);
}

/** What the current code inherits from the job that it runs for. */
export const inherited = (): Carried | undefined => (isUsed ? scope.getStore() : undefined);

/**
 * What a job of a call carries: what is inherited, with what is given; undefined for nothing.
 * @throws InvalidOptionError, PayloadNotSerializableError, PayloadTooLargeError
 */
export function carriedBy(name: string, given: unknown): Carried | undefined {
  const former = inherited();
  if (given === undefined) return former;
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new InvalidOptionError(`expected context to be an object, got: ${describe(given)}`);
  // Checked as it is given: a copy would hide getters and classes.
  const subject = `context of ${name}`;
  const own = JSON.parse(toStrictJson(subject, given, CONTEXT_LIMIT)) as Record<string, unknown>;
  const left = Object.entries({ ...former }).filter(([key]) => !(key in given));
  const carried = { ...Object.fromEntries(left), ...own };
  if (left.length > 0) toStrictJson(subject, carried, CONTEXT_LIMIT);
  return Object.keys(carried).length > 0 ? carried : undefined;
}
