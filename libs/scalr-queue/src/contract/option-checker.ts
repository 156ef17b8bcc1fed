import { isIP } from 'node:net';
import { ScalrQueueError } from './errors/scalr-queue.error.js';
import { MAX_DURATION, MAX_NAME_LENGTH } from './defaults.js';
import { parseDuration } from './duration.js';
import { cureOf } from './suggestion.js';

type ErrorClass = new (message: string) => ScalrQueueError;

/** What may stand in names of jobs, queues and apps: nothing that means something in a Redis key or a URL. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;
const HOST =
  /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*$/;

/**
 * Checks values that come from outside and says in one sentence what is wrong:
 * `expected retry.attempts to be an integer from 1 to 100, got: 0`.
 * Each caller brings the error class that its own callers expect.
 */
export class OptionChecker {
  constructor(private readonly ErrorType: ErrorClass) {}

  fail(field: string, expected: string, got: unknown): never {
    throw new this.ErrorType(`expected ${field} to be ${expected}, got: ${describe(got)}`);
  }

  object(field: string, value: unknown, known: readonly string[]): Record<string, unknown> {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return this.fail(field, 'an object', value);
    }
    for (const key of Object.keys(value)) {
      if (!known.includes(key)) this.unknownKey(key, known, field);
    }
    return value as Record<string, unknown>;
  }

  integer(field: string, value: unknown, min: number, max: number): number {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
      return this.fail(field, `an integer from ${min} to ${max}`, value);
    }
    return value;
  }

  number(field: string, value: unknown, min: number, max: number): number {
    if (typeof value !== 'number' || !(value >= min && value <= max)) {
      return this.fail(field, `a number from ${min} to ${max}`, value);
    }
    return value;
  }

  /** Whole milliseconds from a duration between `min` and `max` (default one year). */
  duration(field: string, value: unknown, min = 0, max = MAX_DURATION): number {
    const parsed = parseDuration(value);
    if (parsed === undefined || !Number.isInteger(parsed) || parsed < min || parsed > max) {
      const bounds = `from ${min} to ${max} ms`;
      return this.fail(field, `a duration ${bounds}, as whole milliseconds or a string like '10m'`, value);
    }
    return parsed;
  }

  name(field: string, value: unknown, maxLength = MAX_NAME_LENGTH): string {
    if (typeof value !== 'string' || value.length > maxLength || !NAME.test(value)) {
      const rule = 'letters, digits, "_", "." and "-", beginning with a letter or digit';
      return this.fail(field, `1 to ${maxLength} characters of ${rule}`, value);
    }
    return value;
  }

  /** A host name or an IP address, without port, brackets or scheme. */
  host(field: string, value: unknown): string {
    if (typeof value === 'string' && (isIP(value) !== 0 || HOST.test(value))) return value;
    return this.fail(
      field,
      'a host name or an IP address such as "127.0.0.1" or "::1", without a port',
      value,
    );
  }

  oneOf<T extends string>(field: string, value: unknown, allowed: readonly T[]): T {
    const found = allowed.find((candidate) => candidate === value);
    return found ?? this.fail(field, `one of ${allowed.map((one) => `"${one}"`).join(', ')}`, value);
  }

  boolean(field: string, value: unknown): boolean {
    return typeof value === 'boolean' ? value : this.fail(field, 'true or false', value);
  }

  private unknownKey(key: string, known: readonly string[], where: string): never {
    throw new this.ErrorType(`unknown option "${clip(key)}" in ${where}, ${cureOf(key, known)}`);
  }
}

/** Stands in a message for a value that may hold a secret. */
export class HiddenValue {
  constructor(readonly picture: string) {}
}

/** A short, harmless picture of a wrong value: primitives as they are, the rest by their kind. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(clip(value));
  if (typeof value === 'bigint') return clip(`${value}n`);
  if (value === null || ['undefined', 'number', 'boolean'].includes(typeof value)) return String(value);
  if (Array.isArray(value)) return 'an array';
  if (value instanceof HiddenValue) return value.picture;
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** The beginning of a text, short enough for a message. */
export function clip(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
