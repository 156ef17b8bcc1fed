import * as fc from 'fast-check';
import { runInNewContext } from 'node:vm';
import { describeThrown, type FailureKind, formatFailure, parseFailure } from './failure.js';
import { DEAD_REASONS } from '../contract/job-info.js';

const KINDS: readonly FailureKind[] = [...DEAD_REASONS, 'retrying'];
const texts = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(' ', ':', '[', ']', 'a', '\n', '\ud800') }),
);

function thrownWith(properties: Record<string, unknown>): Error {
  return Object.assign(new Error('x'), properties);
}

describe('a failure', () => {
  it('is read back as it was written, whatever was thrown', () => {
    fc.assert(
      fc.property(fc.constantFrom(...KINDS), texts, texts, texts, (kind, name, code, message) => {
        const { stack: _stack, ...info } = describeThrown(thrownWith({ name, code, message }));
        expect(parseFailure(formatFailure(kind, info))).toEqual({ kind, error: info });
        expect(JSON.parse(JSON.stringify(info))).toEqual(info);
      }),
    );
  });

  it('has the fingerprint that its definition gave it beside its code', () => {
    const error = { name: 'TypeError', message: 'not yet', code: 'E_SOON' };
    const text = formatFailure('attempts', error, '1a2b3c4d');
    expect(text).toBe('attempts TypeError[E_SOON|fp:1a2b3c4d]: not yet');
    expect(parseFailure(text)).toEqual({ kind: 'attempts', error, fingerprint: '1a2b3c4d' });
    const { code: _code, ...plain } = error;
    expect(parseFailure(formatFailure('attempts', plain, '1a2b3c4d'))).toEqual({
      kind: 'attempts',
      error: plain,
      fingerprint: '1a2b3c4d',
    });
    // No code is taken for one.
    const { stack: _stack, ...info } = describeThrown(thrownWith({ code: 'E|fp:1a2b3c4d' }));
    expect(parseFailure(formatFailure('attempts', info))).toEqual({ kind: 'attempts', error: info });
  });

  it('keeps name, message, code and stack', () => {
    const thrown = Object.assign(new TypeError('not yet: [now]'), { code: 'E_SOON' });
    expect(describeThrown(thrown)).toEqual({
      name: 'TypeError',
      message: 'not yet: [now]',
      code: 'E_SOON',
      stack: thrown.stack,
    });
    expect(formatFailure('attempts', describeThrown(thrown))).toBe(
      'attempts TypeError[E_SOON]: not yet: [now]',
    );
    expect(describeThrown(thrownWith({ code: 404 })).code).toBe('404');
  });

  it('is cut at 8 KiB, and not in the middle of a character', () => {
    const long = `x${'😀'.repeat(10_000)}`;
    const info = describeThrown(thrownWith({ message: long, stack: long }));
    const texts = [info.message, info.stack!, formatFailure('attempts', info)];
    expect(texts.every((text) => text.length <= 8_192 && text.endsWith('...') && text.isWellFormed())).toBe(
      true,
    );
  });

  it.each([
    ['null', null, 'the handler threw null'],
    ['undefined', undefined, 'the handler threw a value of type undefined'],
    ['a string', 'password=s3cret', 'the handler threw a value of type string'],
    ['an object', { message: 'x' }, 'the handler threw a value of type object'],
    ['a symbol', Symbol('x'), 'the handler threw a value of type symbol'],
  ])('of something that is no error says so: %s', (_name, thrown, message) => {
    expect(describeThrown(thrown)).toEqual({ name: 'NonError', message });
  });

  it('of another realm counts as an error', () => {
    const thrown: unknown = runInNewContext('new RangeError("far away")');
    expect(describeThrown(thrown)).toMatchObject({ name: 'RangeError', message: 'far away' });
  });

  it.each(['name', 'message', 'code', 'stack'])('is described although reading its %s throws', (key) => {
    const get = () => {
      throw new Error('no');
    };
    const info = describeThrown(Object.defineProperty(new Error('x'), key, { get }));
    expect(info.name).toBe('Error');
    expect(info.message).toBe(key === 'message' ? 'the error could not be read' : 'x');
  });

  it('is described although every trap of a proxy throws', () => {
    const hostile = new Proxy(new Error('x'), {
      get: () => {
        throw new Error('no');
      },
      getPrototypeOf: () => {
        throw new Error('no');
      },
    });
    expect(describeThrown(hostile)).toMatchObject({ name: 'NonError' });
  });

  it('that others wrote counts as used attempts, and too many crashes as crashed', () => {
    expect(parseFailure('connect ECONNREFUSED')).toEqual({
      kind: 'attempts',
      error: { name: 'Error', message: 'connect ECONNREFUSED' },
    });
    expect(parseFailure('whatever Error: x')).toMatchObject({
      kind: 'attempts',
      error: { message: 'whatever Error: x' },
    });
    expect(parseFailure('')).toMatchObject({ kind: 'attempts', error: { message: '' } });
    expect(parseFailure('job stalled more than allowable limit').kind).toBe('crashed');
  });
});
