import { MAX_DURATION } from '../contract/defaults.js';
import type { Duration } from '../contract/duration.js';
import type { OptionChecker } from '../contract/option-checker.js';

/** How a worker works off what is there, and then ends. */
export interface BurstOptions {
  /** Delayed jobs that are due within this time from the start are waited for. Defaults to 0: only what is due already. */
  readonly grace?: Duration;
  /** Whether to wait, however long, for the retries of jobs that fail meanwhile. Defaults to false: they stay in Redis. */
  readonly drainRetries?: boolean;
  /** Longest time, after which the worker shuts down as at SIGTERM. Defaults to none. */
  readonly timeout?: Duration;
}

/** The same, checked; durations in milliseconds. */
export interface BurstSettings {
  readonly grace: number;
  readonly drainRetries: boolean;
  readonly timeout?: number;
}

const PLAIN: BurstSettings = { grace: 0, drainRetries: false };
const YES = ['true', '1', 'on'];
const NO = ['false', '0', 'off'];

/** Checks the option `burst` of `runWorker`; undefined for a worker that goes on. */
export function toBurstSettings(
  check: OptionChecker,
  field: string,
  given: unknown,
): BurstSettings | undefined {
  if (typeof given === 'boolean') return given ? PLAIN : undefined;
  const { grace, drainRetries, timeout } = check.object(field, given, ['grace', 'drainRetries', 'timeout']);
  return {
    grace: grace === undefined ? 0 : check.duration(`${field}.grace`, grace, 0, MAX_DURATION),
    drainRetries: drainRetries !== undefined && check.boolean(`${field}.drainRetries`, drainRetries),
    ...(timeout === undefined
      ? {}
      : { timeout: check.duration(`${field}.timeout`, timeout, 1, MAX_DURATION) }),
  };
}

/** Reads `true`, `false`, or settings such as `grace=30s,retries,timeout=5m`. */
export function parseBurst(check: OptionChecker, variable: string, text: string): BurstSettings | undefined {
  if (NO.includes(text)) return undefined;
  if (YES.includes(text)) return PLAIN;
  const given: Record<string, unknown> = {};
  for (const part of text.split(',')) {
    const [name = '', value] = part.trim().split('=', 2);
    if (name === 'retries' && value === undefined) given.drainRetries = true;
    else if ((name === 'grace' || name === 'timeout') && value) {
      given[name] = /^\d+$/.test(value) ? Number(value) : value;
    } else check.fail(variable, 'true, false, or settings like "grace=30s,retries,timeout=5m"', text);
  }
  return toBurstSettings(check, variable, given);
}

/** The reverse of {@link parseBurst}. */
export function formatBurst({ grace, drainRetries, timeout }: BurstSettings): string {
  const parts = [
    ...(grace > 0 ? [`grace=${grace}`] : []),
    ...(drainRetries ? ['retries'] : []),
    ...(timeout === undefined ? [] : [`timeout=${timeout}`]),
  ];
  return parts.join(',') || 'true';
}
