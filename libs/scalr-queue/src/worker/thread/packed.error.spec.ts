import { Discard, RetryLater, Snooze } from '../../contract/control-flow-signals.js';
import { packError, unpackError } from './packed.error.js';

/** There and back as between two threads. */
const cross = (thrown: unknown): Error => unpackError(structuredClone(packError(thrown)));

describe('an error that crosses a thread', () => {
  it('keeps name, message, code and stack', () => {
    const error = Object.assign(new RangeError('too much'), { code: 'E_MUCH' });
    const arrived = cross(error);
    expect(arrived).toBeInstanceOf(Error);
    expect(arrived).toMatchObject({ name: 'RangeError', message: 'too much', code: 'E_MUCH' });
    expect(arrived.stack).toBe(error.stack);
  });

  it('has no code when it had none', () => {
    expect(cross(new Error('plain'))).not.toHaveProperty('code');
  });

  it('is of our class again when it says how the job goes on', () => {
    expect(cross(new Snooze('1h'))).toSatisfy((it) => it instanceof Snooze && it.delay === 3_600_000);
    expect(cross(new Discard('never'))).toSatisfy((it) => it instanceof Discard && it.message === 'never');
    const later = cross(new RetryLater('10s', { cause: new TypeError('429') }));
    expect(later).toSatisfy((it) => it instanceof RetryLater && it.delay === 10_000);
    expect(later.cause).toMatchObject({ name: 'TypeError', message: '429' });
    expect(cross(new RetryLater(5)).cause).toBeUndefined();
  });

  it('is made of whatever was thrown', () => {
    const hostile = new Proxy(new Error('x'), {
      get: () => {
        throw new Error('no');
      },
    });
    for (const thrown of ['text', null, undefined, 5, {}, () => 1, Symbol('s'), hostile])
      expect(cross(thrown)).toBeInstanceOf(Error);
  });
});
