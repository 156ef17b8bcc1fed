import { fingerprintOf, shapeOf } from './fingerprint.js';

const shape = (message: string, name = 'Error') => shapeOf({ name, message });

describe('the shape of a message', () => {
  it.each([
    ['order 01a213a1-5b8a-713c-9dcb-6e26f7fe0605 not found', 'order <uuid> not found'],
    ['no mailbox for ada.lovelace+x@mail.example.com', 'no mailbox for <mail>'],
    ['connect ECONNREFUSED 10.0.0.12:443', 'connect ECONNREFUSED <ip>'],
    ['connect ECONNREFUSED ::1:6379', 'connect ECONNREFUSED <ip>'],
    ['connect ETIMEDOUT 2001:db8:0:1:1:1:1:1', 'connect ETIMEDOUT <ip>'],
    ['expired at 2026-11-28T02:36:33.120Z', 'expired at <time>'],
    ['not before 03:00', 'not before <time>'],
    ['timeout of 5000ms exceeded', 'timeout of <n>ms exceeded'],
    ['took 1.5s', 'took <n>s'],
    ['took 12s', 'took <n>s'],
    ['1,234 rows, limit 7', '<n> rows, limit <n>'],
    ['lock of worker-7 and worker-12', 'lock of worker-<n> and worker-<n>'],
    ['No such customer: cus_9xK21', 'No such customer: <id>'],
    ['user "Ada" not found', 'user <text> not found'],
    ["can't read it, isn't there", "can't read it, isn't there"],
    ['E2BIG: too long', 'E2BIG: too long'],
    ['two\n  lines', 'two lines'],
  ])('of %j is %j', (message, expected) => expect(shape(message)).toBe(expected));

  it.each([
    'HTTP 503',
    'HTTP_503',
    'HTTP/1.1 502',
    'Request failed with status code 404',
    'provider responded with 429',
    '503 Service Unavailable',
  ])('keeps the status in %j', (message) => expect(shape(message)).toBe(message));

  it('takes other numbers of three digits for numbers', () => {
    expect(shape('503 rows')).toBe('<n> rows');
    expect(shape('got 503.25 euros')).toBe('got <n> euros');
  });

  it('keeps what the language quotes of a program, and no value', () => {
    const message = "Cannot read properties of undefined (reading 'currency')";
    expect(shape(message, 'TypeError')).toBe(message);
    expect(shape('Unexpected token, "a b c" is not valid JSON', 'SyntaxError')).toBe(
      'Unexpected token, <text> is not valid JSON',
    );
  });

  it('is cut, and read in linear time', () => {
    expect(shape('word '.repeat(1_000))).toHaveLength(200);
    for (const part of ['a', 'a1', '1', '1:', '.1', "'", 'a@', 'a-', 'failed '])
      expect(shape(part.repeat(8_192)).length).toBeLessThanOrEqual(200);
  });

  it('leaves characters of the private use area out', () => expect(shape('a\uE000b \uF8FF')).toBe('a b'));
});

describe('a fingerprint', () => {
  const fault = {
    name: 'card.charge',
    reason: 'attempts',
    error: { name: 'Error', message: 'order 12' },
  } as const;
  const of = (other: object) => fingerprintOf({ ...fault, ...other });

  it('is the same for the same fault', () => {
    expect(of({})).toMatch(/^[\da-f]{8}$/);
    expect(of({ error: { name: 'Error', message: 'order 7' } })).toBe(of({}));
  });

  it('differs by definition, reason, error, code and shape', () => {
    const all = [
      of({}),
      of({ name: 'card.refund' }),
      of({ reason: 'discarded' }),
      of({ error: { name: 'TypeError', message: 'order 12' } }),
      of({ error: { name: 'Error', message: 'order 12', code: 'E_ORDER' } }),
      of({ error: { name: 'Error', message: 'cart 12' } }),
    ];
    expect(new Set(all).size).toBe(all.length);
  });
});
