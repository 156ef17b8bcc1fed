import * as fc from 'fast-check';
import { InvalidOptionError } from './errors/configuration.errors.js';
import { describe as picture, HiddenValue, OptionChecker } from './option-checker.js';

const check = new OptionChecker(InvalidOptionError);
const KEYS = ['attempts', 'delay', 'maxDelay'];

describe('the sentence that says what is wrong', () => {
  it.each<[() => unknown, string]>([
    [() => check.integer('retry.attempts', 0, 1, 100), 'expected retry.attempts to be an integer from 1 to 100, got: 0'],
    [() => check.integer('retry.attempts', '3', 1, 100), 'expected retry.attempts to be an integer from 1 to 100, got: "3"'],
    [() => check.integer('n', 1.5, 1, 100), 'expected n to be an integer from 1 to 100, got: 1.5'],
    [() => check.integer('n', Number.NaN, 1, 100), 'expected n to be an integer from 1 to 100, got: NaN'],
    [() => check.integer('n', Infinity, 1, 100), 'expected n to be an integer from 1 to 100, got: Infinity'],
    [() => check.integer('n', 101, 1, 100), 'expected n to be an integer from 1 to 100, got: 101'],
    [() => check.integer('n', 5n, 1, 100), 'expected n to be an integer from 1 to 100, got: 5n'],
    [() => check.number('retry.jitter', 2, 0, 1), 'expected retry.jitter to be a number from 0 to 1, got: 2'],
    [() => check.number('retry.jitter', Number.NaN, 0, 1), 'expected retry.jitter to be a number from 0 to 1, got: NaN'],
    [() => check.duration('delay', -1), `expected delay to be a duration from 0 to 31622400000 ms, as whole milliseconds or a string like '10m', got: -1`],
    [() => check.duration('delay', '5000', 1, 10), `expected delay to be a duration from 1 to 10 ms, as whole milliseconds or a string like '10m', got: "5000"`],
    [() => check.boolean('signals', 'yes'), 'expected signals to be true or false, got: "yes"'],
    [() => check.oneOf('onConflict', 'drop', ['keep', 'replace']), 'expected onConflict to be one of "keep", "replace", got: "drop"'],
    [() => check.name('queue', 'a:b'), 'expected queue to be 1 to 128 characters of letters, digits, "_", "." and "-", beginning with a letter or digit, got: "a:b"'],
    [() => check.object('retry', null, KEYS), 'expected retry to be an object, got: null'],
    [() => check.object('retry', [], KEYS), 'expected retry to be an object, got: an array'],
    [() => check.object('retry', 'x', KEYS), 'expected retry to be an object, got: "x"'],
    [() => check.object('retry', { attemps: 3 }, KEYS), 'unknown option "attemps" in retry, did you mean "attempts"?'],
    [() => check.object('retry', { maxdelay: 3 }, KEYS), 'unknown option "maxdelay" in retry, did you mean "maxDelay"?'],
    [() => check.object('retry', { zebra: 3 }, KEYS), 'unknown option "zebra" in retry, known are: attempts, delay, maxDelay'],
    [() => check.object('retry', JSON.parse('{"__proto__":1}'), KEYS), 'unknown option "__proto__" in retry, known are: attempts, delay, maxDelay'],
  ])('is exact, number %#', (run, message) => expect(run).toThrow(new InvalidOptionError(message))); // prettier-ignore

  it('is of the class that the caller brought', () => {
    expect(() => check.integer('n', 0, 1, 2)).toThrow(InvalidOptionError);
  });

  it('stays short whatever the value is', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(picture(value).length).toBeLessThan(400);
      }),
      { examples: [['x'.repeat(1_000_000)], [10n ** 500n], ['\u0000'.repeat(60)], ['\r\n'.repeat(100)]] },
    );
    expect(() => check.object('retry', { ['k'.repeat(1_000_000)]: 1 }, KEYS)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^.{1,200}$/) }),
    );
  });

  it('shows the kind of what could hold anything, and nothing of what is hidden', () => {
    expect([{ a: 1 }, [1], () => 1, Symbol('a'), undefined, new Date()].map(picture)).toEqual([
      'an object',
      'an array',
      'a function',
      'a symbol',
      'undefined',
      'an object',
    ]);
    expect(picture(new HiddenValue('a text'))).toBe('a text');
  });
});

describe('a value that is right', () => {
  it('comes back as it is, a duration in milliseconds', () => {
    expect(check.integer('n', 100, 1, 100)).toBe(100);
    expect(check.number('n', 0.5, 0, 1)).toBe(0.5);
    expect(check.duration('n', '10m')).toBe(600_000);
    expect(check.duration('n', '1y')).toBe(31_557_600_000);
    expect(check.boolean('n', false)).toBe(false);
    expect(check.oneOf('n', 'keep', ['keep', 'replace'])).toBe('keep');
    expect(check.object('n', { delay: 1 }, KEYS)).toEqual({ delay: 1 });
  });

  it.each(['a', 'A.b-c_9', '9', 'constructor', 'x'.repeat(128)])('may be the name %s', (name) => {
    expect(check.name('name', name)).toBe(name);
  });

  it.each(['localhost', '127.0.0.1', '::1', 'a', 'worker_1.example-app.svc', 'x'.repeat(253)])(
    'may be the host %s',
    (host) => {
      expect(check.host('host', host)).toBe(host);
    },
  );
});

describe('a host', () => {
  it.each(['', 'a:80', '[::1]', 'http://a', '-a', 'a-', 'a..b', 'a b', 'x'.repeat(254), 5, undefined, {}])(
    'is not %o',
    (value) => {
      expect(() => check.host('host', value)).toThrow(
        'expected host to be a host name or an IP address such as "127.0.0.1" or "::1", without a port, got: ',
      );
    },
  );
});
