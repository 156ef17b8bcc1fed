import { plainJson } from './plain-json.js';

/** A value whose parts count how many of them were looked at. */
function counting(part: unknown, parts: number) {
  let seen = 0;
  const toJSON = () => {
    seen++;
    return part;
  };
  return { value: Array.from({ length: parts }, () => ({ toJSON })), seen: () => seen };
}

describe('what JSON makes of a value', () => {
  it('is a copy of plain data', () => {
    const value = { when: new Date(0), list: [1, 'a', null, { b: true }], nothing: undefined };
    expect(plainJson(value, 1_000)).toEqual({
      when: '1970-01-01T00:00:00.000Z',
      list: [1, 'a', null, { b: true }],
    });
    expect(plainJson(value.list, 1_000)).not.toBe(value.list);
  });

  it('is nothing where JSON has no text, or reading the value throws', () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    const throws = {
      get a() {
        throw new Error('gone');
      },
    };
    for (const value of [undefined, () => 1, Symbol('s'), cycle, throws, { n: 1n }])
      expect(plainJson(value, 1_000)).toBeUndefined();
  });

  it('has at most so many bytes of UTF-8', () => {
    expect(plainJson('€'.repeat(3), 11)).toBe('€€€');
    expect(plainJson('€'.repeat(3), 10)).toBeUndefined();
    expect(plainJson({ a: 1 }, 7)).toEqual({ a: 1 });
    expect(plainJson({ a: 1 }, 6)).toBeUndefined();
  });

  it('is given up as soon as it is too large, not when all of the value was read', () => {
    const texts = counting('x'.repeat(100), 10_000);
    expect(plainJson(texts.value, 1_000)).toBeUndefined();
    expect(texts.seen()).toBeLessThanOrEqual(11);
    const numbers = counting(1, 10_000);
    expect(plainJson(numbers.value, 1_000)).toBeUndefined();
    expect(numbers.seen()).toBeLessThanOrEqual(1_000);
    const keyed = { toJSON: () => texts.value.map((one) => ({ ['k'.repeat(100)]: one })) };
    expect(plainJson(keyed, 1_000)).toBeUndefined();
    expect(texts.seen()).toBeLessThanOrEqual(22);
  });

  it('is nothing of a large view of bytes, which is not even begun', () => {
    const bytes = Object.assign(new Uint8Array(1_001), { toJSON: () => 'short' });
    expect(plainJson(bytes, 1_000)).toBeUndefined();
    expect(plainJson(Object.assign(new Uint8Array(1_000), { toJSON: () => 'short' }), 1_000)).toBe('short');
  });
});
