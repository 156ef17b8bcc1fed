import { defineJob } from 'scalr-queue';
import { z } from 'zod';
import { keysOf, type Loose, refusalOf, startHostile } from '../support/hostile.js';

const CARD = '4111111111111111';
const Plain = defineJob<unknown>('plain');
const Checked = defineJob('checked', { payload: z.object({ card: z.string().max(4) }) });

type Calls = Loose<'enqueue'>;

function cyclic(): object {
  const value: Record<string, unknown> = { card: CARD };
  value['self'] = value;
  return value;
}

function nested(depth: number): unknown {
  let value: unknown = CARD;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}

const throwing = () => {
  throw new Error(CARD);
};

describe('a call that is refused', () => {
  const noDefinition = (got: string): [string, string] => [
    'UNKNOWN_JOB',
    `expected a job definition made by defineJob(), got: ${got}`,
  ];
  const noJson = (path: string): [string, string] => [
    'PAYLOAD_NOT_SERIALIZABLE',
    `payload of plain is not strict JSON at ${path}: `,
  ];
  const payloads: [string, unknown, ...[string, string]][] = [
    ['15 BigInt', { a: BigInt(CARD) }, ...noJson('$.a')],
    ['16 cycle', cyclic(), ...noJson('$.self')],
    ['17 function', { a: () => CARD }, ...noJson('$.a')],
    ['17 symbol', { a: Symbol(CARD) }, ...noJson('$.a')],
    ['17 Map', { a: new Map([[CARD, CARD]]) }, ...noJson('$.a')],
    ['17 Set', [new Set([CARD])], ...noJson('$[0]')],
    ['17 class', { a: new (class Card { number = CARD; })() }, ...noJson('$.a')],
    ['18 NaN', { a: Number.NaN }, ...noJson('$.a')],
    ['18 Infinity', { a: -Infinity }, ...noJson('$.a')],
    ['18 undefined', [undefined], ...noJson('$[0]')],
    ['18 Date', { a: new Date() }, ...noJson('$.a')],
    ['19 toJSON', { a: { toJSON: throwing } }, ...noJson('$.a.toJSON')],
    ['19 proxy', { a: new Proxy({}, { ownKeys: throwing }) }, ...noJson('$.a')],
    ['19 getter', { get a() { return throwing(); } }, ...noJson('$.a')],
    ['20 __proto__', JSON.parse(`{"__proto__":{"card":"${CARD}"}}`), ...noJson('$.__proto__')],
    ['21 size', { a: CARD.repeat(70) }, 'PAYLOAD_TOO_LARGE', 'payload of plain is 1128 bytes of JSON, the limit is 1000'],
    ['21 UTF-8', '€'.repeat(400), 'PAYLOAD_TOO_LARGE', 'payload of plain is 1202 bytes of JSON, the limit is 1000'],
    ['22 depth', nested(10_000), ...noJson(`$${'[0]'.repeat(100)}`)],
    ['23 lone surrogate', { a: `${CARD}\ud800` }, ...noJson('$.a')],
  ]; // prettier-ignore
  const options: [string, unknown, string][] = [
    ['10 id', { id: 123 }, 'expected id to be a string of 1 to 128 characters'],
    ['10 id', { id: {} }, 'expected id to be a string of 1 to 128 characters'],
    ['10 id', { id: null }, 'expected id to be a string of 1 to 128 characters'],
    ['11 id', { id: 'a:b' }, 'expected id to be a string of 1 to 128 characters'],
    ['11 id', { id: 'a:b:c' }, 'expected id to be a string of 1 to 128 characters'],
    ['11 id', { id: '0:a:b' }, 'expected id to be a string of 1 to 128 characters'],
    ['12 id', { id: '' }, 'expected id to be a string of 1 to 128 characters'],
    ['13 id', { id: 'x'.repeat(1_000_000) }, 'expected id to be a string of 1 to 128 characters'],
    ['13 id', { id: 'a\nb' }, 'expected id to be a string of 1 to 128 characters'],
    ['13 id', { id: '*{}[]?' }, 'expected id to be a string of 1 to 128 characters'],
    ...['5000', -1, Number.NaN, Infinity, 1e18, 1.5].map((delay): [string, unknown, string] => [
      '25 delay', { delay }, 'expected delay to be a duration from 0 to 31622400000 ms',
    ]),
    ['25 runAt', { runAt: '2030-01-01' }, 'expected runAt to be a valid Date, got: "2030-01-01"'],
    ['25 runAt', { runAt: new Date('x') }, 'expected runAt to be a valid Date'],
    ['25 runAt', { runAt: new Date(8e15) }, 'expected runAt to be at most one year from now'],
    ['25 runAt', { runAt: new Date(), delay: 5 }, 'expected delay to be left out when runAt is given'],
    ...[-1, 1.5, '5', Number.NaN, 2 ** 21].map((priority): [string, unknown, string] => [
      '26 priority', { priority }, 'expected priority to be an integer from 0 to 2097151',
    ]),
    ...[-1, 0, '3', Number.NaN, Infinity, 1e9].map((attempts): [string, unknown, string] => [
      '27 attempts', { retry: { attempts } }, 'expected retry.attempts to be an integer from 1 to 100',
    ]),
    ['28 backoff', { retry: { type: 'linear' } }, 'unknown option "type" in retry'],
    ['28 backoff', { retry: { delay: -1 } }, 'expected retry.delay to be a duration from 0 to'],
    ['28 backoff', { retry: { jitter: 2 } }, 'expected retry.jitter to be a number from 0 to 1'],
    ['28 backoff', { retry: () => 1 }, 'expected retry to be false or an object; give a function to defineJob'],
    ['29 typo', { attemps: 3 }, 'unknown option "attemps" in the options of enqueue'],
    ['29 typo', { delya: 3 }, 'unknown option "delya" in the options of enqueue, did you mean "delay"?'],
    ['30 repeat', { repeat: { every: 1 } }, 'unknown option "repeat" in the options of enqueue'],
    ['31 retention', { removeOnComplete: 'true' }, 'unknown option "removeOnComplete" in the options of enqueue'],
    ['32 unique', { unique: 'yes' }, 'expected unique to be an object'],
    ['32 unique', { unique: { key: { a: CARD } } }, 'expected unique.key to be a string of 1 to 1024 characters'],
    ['32 unique', { unique: { key: () => CARD.repeat(70) } }, 'expected the outcome of unique.key to be a string of 1 to 1024 characters, got: a string of 1120'],
    ...[Number.NaN, -1, 1.5].map((ttl): [string, unknown, string] => [
      '32 unique', { unique: { for: ttl } }, 'expected unique.for to be a duration from 1 to',
    ]),
    ['33 timestamp', { timestamp: Number.NaN }, 'unknown option "timestamp" in the options of enqueue'],
    ['34 parent', { parent: { id: '1', queue: 'q' } }, 'unknown option "parent" in the options of enqueue'],
    ['timeout', { timeout: '30d' }, 'expected timeout to be a duration from 1 to 2073600000 ms'],
    ['expiresIn', { expiresIn: 0 }, 'expected expiresIn to be a duration from 1 to'],
    ['signal', { signal: {} }, 'expected signal to be an AbortSignal, got: an object'],
    ['no options', null, 'expected the options of enqueue to be an object, got: null'],
    ['no options', 5, 'expected the options of enqueue to be an object, got: 5'],
    ['__proto__ option', JSON.parse('{"__proto__":{"delay":5}}'), 'unknown option "__proto__" in the options of enqueue'],
  ]; // prettier-ignore
  const calls: [string, (loose: Calls) => Promise<unknown>, string, string][] = [
    ...(
      [
        [undefined, 'undefined'],
        [null, 'null'],
        [{ name: 'plain', queue: 'default' }, 'an object'],
        ['', '""'],
        ['plain', '"plain"'],
        ['__proto__', '"__proto__"'],
        ['constructor', '"constructor"'],
        ['a\r\n\u0000', String.raw`"a\r\n\u0000"`],
        ['x'.repeat(1_000_000), '"xxx'],
      ] as const
    ).map(([definition, got]): (typeof calls)[number] => [
      `1-5 definition ${got}`,
      (loose) => loose.enqueue(definition, { card: CARD }),
      ...noDefinition(got),
    ]),
    ...payloads.map(([name, payload, code, message]): (typeof calls)[number] => [
      name,
      (loose) => loose.enqueue(Plain, payload),
      code,
      message,
    ]),
    [
      '24 schema',
      (loose) => loose.enqueue(Checked, { card: CARD }),
      'PAYLOAD_INVALID',
      'payload of checked does not match its schema: $.card: Too big: expected string to have <=4 characters',
    ],
    [
      '24 no payload',
      (loose) => loose.enqueue(Checked),
      'PAYLOAD_INVALID',
      '$: Invalid input: expected object',
    ],
    ...options.map(([name, given, message], index): (typeof calls)[number] => [
      `${name}, option row ${index}`,
      (loose) => loose.enqueue(Plain, { card: CARD }, given),
      'INVALID_OPTION',
      message,
    ]),
  ];

  it.each(calls)(
    'names what is wrong, shows nothing and writes nothing: %s',
    async (_name, call, code, message) => {
      const { app, settled, loose } = await startHostile();
      const error = await refusalOf(call(loose));
      await settled();
      expect(error.code).toBe(code);
      expect(error.message).toContain(message);
      expect(error.message.length).toBeLessThan(700);
      expect(JSON.stringify([error.message, error])).not.toContain(CARD);
      expect(await keysOf(app)).toEqual([]);
    },
  );
});
