import * as fc from 'fast-check';
import { runInNewContext } from 'node:vm';
import { PayloadNotSerializableError, PayloadTooLargeError } from './errors/payload.errors.js';
import { toStrictJson } from './strict-json.js';

const LIMIT = 1_000;
const CARD = '4111111111111111';
const SUBJECT = 'payload of invoice.send';

const refusalOf = (value: unknown): PayloadNotSerializableError => {
  try {
    toStrictJson(SUBJECT, value, LIMIT);
  } catch (error) {
    if (error instanceof PayloadNotSerializableError) return error;
    throw error;
  }
  throw new Error('it was accepted');
};

function cyclic() {
  const value: { card: string; items: unknown[] } = { card: CARD, items: [] };
  value.items.push({ back: value });
  return value;
}

function nested(depth: number): unknown {
  let value: unknown = CARD;
  for (let level = 0; level < depth; level++) value = { a: value };
  return value;
}

class Card {
  number = CARD;
}

class CardList extends Array<string> {}

const throwing = () => {
  throw new Error(`no access to ${CARD}`);
};

describe('a payload that JSON would lose or change', () => {
  it.each<[string, unknown, string, string]>([
    ['BigInt', { a: 4111111111111111n }, '$.a', 'a bigint, which JSON cannot hold'],
    ['function', { a: () => CARD }, '$.a', 'a function, which JSON cannot hold'],
    ['symbol', { a: Symbol(CARD) }, '$.a', 'a symbol, which JSON cannot hold'],
    ['symbol key', { a: { [Symbol('s')]: CARD } }, '$.a', 'an object with symbol keys'],
    ['cycle', cyclic(), '$.items[0].back', 'a cycle'],
    ['Map', { a: [new Map([[CARD, CARD]])] }, '$.a[0]', 'an instance of Map; turn it into plain data'],
    ['Set', { a: new Set([CARD]) }, '$.a', 'an instance of Set; turn it into plain data'],
    ['Date', { a: { when: new Date() } }, '$.a.when', 'an instance of Date; turn it into plain data'],
    ['class', { a: new Card() }, '$.a', 'an instance of Card; turn it into plain data'],
    ['subclass of Array', { a: new CardList(CARD) }, '$.a', 'an instance of CardList; turn it into a plain array'],
    ['Buffer', { a: Buffer.from(CARD) }, '$.a', 'an instance of Buffer; turn it into plain data'],
    ['boxed string', { a: Object(CARD) }, '$.a', 'an instance of String; turn it into plain data'],
    ['getter', Object.defineProperty({}, 'a', { get: throwing, enumerable: true }), '$.a', 'a getter; turn it into plain data'],
    ['hidden property', Object.defineProperty({}, 'a', { value: CARD }), '$.a', 'a hidden property, which JSON leaves out'],
    ['toJSON', { a: { toJSON: throwing } }, '$.a.toJSON', 'an object with toJSON'],
    ['toJSON of an array', Object.defineProperty([CARD], 'toJSON', { value: throwing }), '$', 'an array with holes or named properties'],
    ['NaN', { a: [1, Number.NaN] }, '$.a[1]', 'NaN, which JSON cannot hold'],
    ['Infinity', { a: Infinity }, '$.a', 'Infinity, which JSON cannot hold'],
    ['undefined in an array', [undefined], '$[0]', 'undefined; leave it out or use null'],
    ['undefined', undefined, '$', 'undefined; leave it out or use null'],
    ['hole', { a: Array(3) }, '$.a', 'an array with holes or named properties'],
    ['array with a name', { a: Object.assign([1], { x: 1 }) }, '$.a', 'an array with holes or named properties'],
    ['__proto__ key', JSON.parse(`{"a":{"__proto__":{"card":"${CARD}"}}}`), '$.a.__proto__', 'a key that changes the prototype of the reader'],
    ['101 levels', nested(101), `$${'.a'.repeat(100)}`, 'nested deeper than 100 levels'],
    ['10,000 levels', nested(10_000), `$${'.a'.repeat(100)}`, 'nested deeper than 100 levels'],
    ['101 lists', JSON.parse('['.repeat(101) + ']'.repeat(101)), `$${'[0]'.repeat(100)}`, 'nested deeper than 100 levels'],
    ['lone surrogate', { a: `${CARD}\ud800` }, '$.a', 'a string with half of a surrogate pair'],
    ['lone surrogate in a key', { '\ud800': 1 }, String.raw`$["\ud800"]`, 'a key with half of a surrogate pair'],
  ])('is refused with its path: %s', (_name, value, path, why) => {
    const error = refusalOf(value);
    expect(error.path).toBe(path);
    expect(error.message).toBe(`${SUBJECT} is not strict JSON at ${path}: ${why}`);
    expect(error.code).toBe('PAYLOAD_NOT_SERIALIZABLE');
    expect(error.message).not.toContain(CARD);
  }); // prettier-ignore

  it.each(['getPrototypeOf', 'ownKeys', 'getOwnPropertyDescriptor'] as const)(
    'is refused with the cause when the %s trap of a proxy throws',
    (trap) => {
      const error = refusalOf({ a: new Proxy({ x: 1 }, { [trap]: throwing }) });
      expect(error.message).toMatch(/^payload of invoice\.send is not strict JSON at \$\.a.*threw an error$/);
      expect(error.message).not.toContain(CARD);
      expect(error.cause).toMatchObject({ message: `no access to ${CARD}` });
    },
  );

  it('is refused when a proxy answers differently the second time', () => {
    let reads = 0;
    const value = new Proxy(
      { a: 1 },
      { get: (_target, key) => (key === 'toJSON' && reads++ === 0 ? () => undefined : 1) },
    );
    expect(refusalOf(value).path).toBe('$.a');
  });

  it('does not fill the message with a long key', () => {
    const error = refusalOf({ ['k'.repeat(1_000_000)]: NaN });
    expect(error.message.length).toBeLessThan(300);
  });
});

describe('the size of a payload', () => {
  it('is counted in bytes of UTF-8', () => {
    const text = '€'.repeat(333); // 999 bytes, and two quotes.
    expect(() => toStrictJson(SUBJECT, text, 1_001)).not.toThrow();
    const error = catchError(() => toStrictJson(SUBJECT, text, 1_000));
    expect(error).toBeInstanceOf(PayloadTooLargeError);
    expect(error).toMatchObject({ code: 'PAYLOAD_TOO_LARGE', size: 1_001, limit: 1_000 });
    expect(error.message).toBe(
      'payload of invoice.send is 1001 bytes of JSON, the limit is 1000. Store the data elsewhere and pass a reference to it.',
    );
  });
});

describe('a payload that is strict JSON', () => {
  it('comes back as it was, whatever it is', () => {
    const json = fc
      .jsonValue({ maxDepth: 5 })
      .filter((value) => !JSON.stringify(value).includes('__proto__'));
    fc.assert(
      fc.property(json, (value) => {
        const plain = JSON.parse(JSON.stringify(value)) as unknown;
        expect(JSON.parse(toStrictJson(SUBJECT, plain, 1_000_000))).toEqual(plain);
      }),
    );
  });

  it('loses the keys whose value is undefined, as JSON does', () => {
    const value = { a: undefined, b: [{ c: undefined, d: 1 }], e: { f: undefined } };
    expect(toStrictJson(SUBJECT, value, LIMIT)).toBe('{"b":[{"d":1}],"e":{}}');
    expect(refusalOf({ a: undefined, when: new Date() }).path).toBe('$.when');
  });

  it('is gone through once, and once more for its text', () => {
    const value = {
      text: 'a',
      number: -1.5,
      yes: true,
      no: false,
      none: null,
      absent: undefined,
      list: ['b', 2],
    };
    const looks = { object: 0, list: 0 };
    const watched = <T extends object>(inner: T, name: keyof typeof looks): T =>
      new Proxy(inner, {
        ownKeys: (target) => {
          looks[name]++;
          return Reflect.ownKeys(target);
        },
      });
    const list = watched(['b', 2], 'list');
    const json = '{"text":"a","number":-1.5,"yes":true,"no":false,"none":null,"list":["b",2]}';
    expect(toStrictJson(SUBJECT, watched({ ...value, list }, 'object'), LIMIT)).toBe(json);
    // The text of a list is made without asking for its keys.
    expect(looks).toEqual({ object: 2, list: 1 });
  });

  it('may hold the same object twice', () => {
    const shared = { a: 1 };
    expect(toStrictJson(SUBJECT, [shared, { shared }], LIMIT)).toBe('[{"a":1},{"shared":{"a":1}}]');
  });

  it('may come from another realm, as under Jest', () => {
    const foreign: unknown = runInNewContext('({ list: [{ a: 1 }] })');
    expect(toStrictJson(SUBJECT, foreign, LIMIT)).toBe('{"list":[{"a":1}]}');
  });

  it('may be an object without a prototype, a deep one, or hold words of JavaScript as keys', () => {
    expect(toStrictJson(SUBJECT, Object.assign(Object.create(null), { a: 1 }), LIMIT)).toBe('{"a":1}');
    expect(toStrictJson(SUBJECT, nested(99), LIMIT)).toContain(CARD);
    expect(toStrictJson(SUBJECT, { constructor: 1, prototype: 2, toJSON: 3 }, LIMIT)).toBe(
      '{"constructor":1,"prototype":2,"toJSON":3}',
    );
  });
});

function catchError(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not throw');
}
