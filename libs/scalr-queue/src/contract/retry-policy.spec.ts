import * as fc from 'fast-check';
import { InvalidOptionError } from './errors/configuration.errors.js';
import { OptionChecker } from './option-checker.js';
import { retryDelay, type RetryFunction, type RetryOptions, toRetryPolicy } from './retry-policy.js';

const check = new OptionChecker(InvalidOptionError);
const policyOf = (value?: unknown, base?: unknown) =>
  toRetryPolicy(check, 'retry', value, base === undefined ? undefined : toRetryPolicy(check, 'retry', base));
const DEFAULTS = { attempts: 5, delay: 1_000, factor: 2, maxDelay: 3_600_000, jitter: 0.2 };
const YEAR = 366 * 24 * 3_600_000;
const error = new Error('failed');

const options: fc.Arbitrary<Required<RetryOptions>> = fc.record({
  attempts: fc.integer({ min: 1, max: 100 }),
  delay: fc.integer({ min: 0, max: YEAR }),
  factor: fc.double({ min: 1, max: 10, noNaN: true }),
  maxDelay: fc.integer({ min: 0, max: YEAR }),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
});
const attempts = fc.integer({ min: 1, max: 100 });
const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('the wait before the next attempt', () => {
  it('is never longer than maxDelay, nor shorter than jitter allows', () => {
    fc.assert(
      fc.property(options, attempts, randoms, (retry, attempt, random) => {
        const wait = retryDelay(policyOf(retry), attempt, error, random) as number;
        const full = Math.min(Number(retry.delay) * retry.factor ** (attempt - 1), Number(retry.maxDelay));
        expect(Number.isInteger(wait)).toBe(true);
        expect(wait).toBeLessThanOrEqual(Number(retry.maxDelay));
        expect(wait).toBeGreaterThanOrEqual(Math.floor(full * (1 - retry.jitter)));
        expect(wait).toBeLessThanOrEqual(Math.ceil(full));
      }),
    );
  });

  it('does not become shorter from one attempt to the next', () => {
    fc.assert(
      fc.property(options, attempts, (retry, attempt) => {
        const waits = [attempt, attempt + 1].map((n) => retryDelay(policyOf(retry), n, error, 0) as number);
        expect(waits[1]).toBeGreaterThanOrEqual(waits[0]!);
      }),
    );
  });

  it('is by default 1 s, doubled up to an hour', () => {
    const waits = [1, 2, 3, 12, 13, 99].map((attempt) => retryDelay(policyOf(), attempt, error, 0));
    expect(waits).toEqual([1_000, 2_000, 4_000, 2_048_000, 3_600_000, 3_600_000]);
    expect(retryDelay(policyOf(), 1, error, 0.999_999)).toBe(800);
  });

  it('is random by itself', () => {
    const policy = policyOf({ delay: '1h', jitter: 1 });
    const waits = new Set(Array.from({ length: 20 }, () => retryDelay(policy, 1, error)));
    expect(waits.size).toBeGreaterThan(10);
  });
});

describe('a retry function', () => {
  const decided = (decide: unknown) => retryDelay(policyOf(decide), 2, error);

  it('gets the attempt and the error, and gives a duration or gives up', () => {
    const decide = vi.fn<RetryFunction>(() => '10m');
    expect(decided(decide)).toBe(600_000);
    expect(decide).toHaveBeenCalledExactlyOnceWith(2, error);
    expect(decided(() => 5)).toBe(5);
    expect(decided(() => false)).toBe(false);
    expect(policyOf(decide).attempts).toBe(100);
  });

  it('cannot make a wait outside of 0 to a year', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (ms) => {
        const wait = decided(() => ms) as number;
        expect(Number.isInteger(wait) && wait >= 0 && wait <= YEAR).toBe(true);
      }),
    );
  });

  it.each([undefined, null, true, 'soon', '5000', Number.NaN, Infinity, {}, Promise.resolve(5)])(
    'is wrong to return %o',
    (returned) => {
      expect(() => decided(() => returned)).toThrow(
        'the retry function returned neither a duration nor false',
      );
    },
  );
});

describe('toRetryPolicy', () => {
  it('fills in what is left out, from the app and then from the defaults', () => {
    expect(policyOf()).toEqual(DEFAULTS);
    expect(policyOf({ delay: '5s' })).toEqual({ ...DEFAULTS, delay: 5_000 });
    expect(policyOf({ delay: '5s' }, { attempts: 9 })).toEqual({ ...DEFAULTS, delay: 5_000, attempts: 9 });
    expect(policyOf({ attempts: undefined })).toEqual(DEFAULTS);
  });

  it('makes one attempt of false', () => {
    expect(policyOf(false)).toEqual({ ...DEFAULTS, attempts: 1 });
    expect(policyOf(false, { attempts: 9 }).attempts).toBe(1);
    expect(policyOf(undefined, false).attempts).toBe(1);
  });

  it('replaces a function altogether', () => {
    expect(policyOf({ delay: '5s' }, () => 1)).toEqual({ ...DEFAULTS, delay: 5_000 });
    expect(policyOf(undefined, () => 1).attempts).toBe(100);
  });

  it.each([-1, 0, '3', Number.NaN, Infinity, 1e9, 1.5])('refuses %o attempts', (value) => {
    expect(() => policyOf({ attempts: value })).toThrow(
      'expected retry.attempts to be an integer from 1 to 100, got: ',
    );
  });

  it.each([
    [{ delay: -1 }, 'retry.delay'],
    [{ delay: '5000' }, 'retry.delay'],
    [{ factor: 0.5 }, 'retry.factor'],
    [{ factor: Number.NaN }, 'retry.factor'],
    [{ maxDelay: Infinity }, 'retry.maxDelay'],
    [{ jitter: 2 }, 'retry.jitter'],
    [{ jitter: '0.2' }, 'retry.jitter'],
    [{ type: 'exponential' }, 'unknown option "type" in retry'],
    [null, 'retry to be an object'],
    [true, 'retry to be an object'],
  ])('refuses %o', (value, message) => expect(() => policyOf(value)).toThrow(message));
});
