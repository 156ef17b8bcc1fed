import * as fc from 'fast-check';
import { InvalidOptionError } from './errors/configuration.errors.js';
import { OptionChecker } from './option-checker.js';
import { toUniqueness, uniqueId } from './unique-options.js';

const check = new OptionChecker(InvalidOptionError);
const idOf = (payload: unknown, option: unknown = true, name = 'job') =>
  uniqueId(check, toUniqueness(check, 'unique', option)!, name, payload, JSON.stringify(payload));

/** The same value with the keys of every object in reverse order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, inner]) => [key, reversed(inner)]),
  );
}

describe('the id of a unique job', () => {
  it('is the same whatever the order of the keys', () => {
    const payloads = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('__proto__'));
    fc.assert(
      fc.property(payloads, (payload) => {
        expect(idOf(reversed(payload))).toBe(idOf(payload));
      }),
      {
        examples: [[{ b: [{ d: 1, c: 2 }], a: { z: null, 10: 1, 9: 2 } }]],
      },
    );
  });

  it('differs with the payload, the order of a list, the definition and the kind of the key', () => {
    const ids = [
      idOf({ a: 1 }),
      idOf({ a: 2 }),
      idOf({ a: '1' }),
      idOf({ a: [1, 2] }),
      idOf({ a: [2, 1] }),
      idOf({ a: 1 }, true, 'other'),
      idOf({ a: 1 }, { key: 'k' }),
      idOf('k'),
      idOf({ a: 1 }, { key: '{"a":1}' }),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is the same in every release, for jobs of another one may hold it', () => {
    expect(idOf({ b: [{ d: 1, c: 2 }], a: { z: null, y: 0 } })).toBe('job~woW2kPiLGgdgOUNEDqZ9jc');
    expect(idOf(null, { key: 'account 1' })).toBe('job~Y3e7ijT6lVHQGO5_CRMGFX');
  });

  it('comes from the key alone when there is one', () => {
    const key = ({ a }: { a: number }) => `account ${a}`;
    expect(idOf({ a: 1, b: 1 }, { key })).toBe(idOf({ a: 1, b: 2 }, { key }));
    expect(idOf({ a: 1 }, { key })).toBe(idOf(null, { key: 'account 1' }));
  });

  it('is short and free of key syntax, and does not show the key', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 1_024 }), (key) => {
        expect(idOf(null, { key })).toMatch(/^job~[\w-]{22}$/);
      }),
    );
  });

  it('is made of a key of 1 and of 1,024 characters, and not of one more', () => {
    const ofLength = (length: number) => () => idOf(null, { key: 'k'.repeat(length) });
    expect(ofLength(1)()).not.toBe(ofLength(1_024)());
    expect(ofLength(1_025)).toThrow(InvalidOptionError);
  });

  it('may come from a function, and is as long as one that is written down', () => {
    expect(idOf({}, { key: () => 'k'.repeat(1_024) })).toMatch(/^job~[\w-]{22}$/);
    expect(() => idOf({}, { key: () => 'k'.repeat(1_025) })).toThrow(InvalidOptionError);
  });

  it.each([undefined, 5, '', {}, null])('cannot be made of a key function that returns %o', (returned) => {
    expect(() => idOf({}, { key: () => returned })).toThrow(
      'expected the outcome of unique.key to be a string of 1 to 1024 characters',
    );
  });

  it('is not made of a key that is too long, and the key is not shown: it comes from the payload', () => {
    const key = () => '4111111111111111'.repeat(65);
    expect(() => idOf({}, { key })).toThrow(
      new InvalidOptionError(
        'expected the outcome of unique.key to be a string of 1 to 1024 characters, got: a string of 1040',
      ),
    );
  });
});

describe('toUniqueness', () => {
  it('knows the short forms and the defaults', () => {
    expect(toUniqueness(check, 'unique', undefined)).toBeUndefined();
    expect(toUniqueness(check, 'unique', false)).toBeUndefined();
    expect(toUniqueness(check, 'unique', true)).toEqual({ onConflict: 'keep' });
    expect(toUniqueness(check, 'unique', {})).toEqual({ onConflict: 'keep' });
    expect(toUniqueness(check, 'unique', { for: '1m', onConflict: 'replace', key: 'k' })).toEqual({
      key: 'k',
      window: 60_000,
      onConflict: 'replace',
    });
  });
});
