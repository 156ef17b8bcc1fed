import { Logger } from '@nestjs/common';
import { defineJob } from '../contract/job-definition.js';
import { FingerprintOverride } from './fingerprint.override.js';

const of = (fingerprint: unknown, thrown: unknown = new Error('x'), name = 'card.charge') =>
  new FingerprintOverride().of(defineJob(name, { fingerprint } as never), thrown);

afterEach(() => void vi.restoreAllMocks());

describe('the fingerprint of a definition', () => {
  it('is the same for the same text, and another for another text or definition', () => {
    const one = of(() => 'declined');
    expect(one).toMatch(/^[\da-f]{8}$/);
    expect(of(() => 'declined', new TypeError('y'))).toBe(one);
    expect(of(() => 'expired')).not.toBe(one);
    expect(of(() => 'declined', undefined, 'card.refund')).not.toBe(one);
    expect(of((error: Error) => error.message, new Error('declined'))).toBe(one);
  });

  it('is left to the error where it is none', () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    expect(of(undefined)).toBeUndefined();
    expect(of(() => undefined)).toBeUndefined();
    expect(warn).not.toHaveBeenCalled();
  });

  it('is given an error, whatever was thrown', () => {
    expect(of((error: unknown) => String(error instanceof Error), 'text')).toBe(of(() => 'true'));
  });

  it.each([
    [
      'throws',
      () => {
        throw new TypeError('password=hunter2');
      },
      'threw TypeError: password=[redacted].',
    ],
    ['gives nothing', () => '', 'gave 0 characters, not a string of 1 to 1024 characters'],
    ['gives too much', () => 'x'.repeat(1_025), 'gave 1025 characters'],
    ['gives no text', () => 4_111, 'gave a value of type number'],
    ['gives a promise', () => Promise.reject(new Error('late')), 'gave a value of type object'],
  ])('is left to the error, and that is said once, where the function %s', async (_what, make, message) => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const override = new FingerprintOverride();
    const definition = defineJob('card.charge', { fingerprint: make as never });
    for (let n = 0; n < 3; n++) expect(override.of(definition, new Error('x'))).toBeUndefined();
    expect(warn).toHaveBeenCalledOnce();
    expect(warn.mock.lastCall![0]).toContain(`the function fingerprint of card.charge ${message}`);
    // An unhandled rejection would fail the run.
    await new Promise(setImmediate);
  });
});
