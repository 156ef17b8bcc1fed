import { carriedBy, carrying, inherited } from './carried-context.js';

const A = { tenant: 'acme', user: 'ann' } as object;

describe('the carried context', () => {
  it('is what is inherited, with what is given', () => {
    expect(carriedBy('mail', undefined)).toBeUndefined();
    expect(carriedBy('mail', {})).toBeUndefined();
    expect(carriedBy('mail', A)).toEqual(A);
    carrying(A, () => {
      expect(inherited()).toEqual(A);
      expect(carriedBy('mail', undefined)).toEqual(A);
      expect(carriedBy('mail', { user: 'bob', more: 1 })).toEqual({ tenant: 'acme', user: 'bob', more: 1 });
      expect(carriedBy('mail', { user: undefined })).toEqual({ tenant: 'acme' });
      expect(carriedBy('mail', { user: undefined, tenant: undefined })).toBeUndefined();
    });
    expect(inherited()).toBeUndefined();
  });

  it('holds over promises and timers', async () => {
    const seen = await carrying(A, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return inherited();
    });
    expect(seen).toEqual(A);
  });

  it('has at most 2 KiB, with what is inherited', () => {
    const half = 'x'.repeat(1_100);
    expect(() => carriedBy('mail', { half, other: half })).toThrow(/^context of mail .*2048/s);
    carrying({ half } as object, () => {
      expect(() => carriedBy('mail', { other: half })).toThrow(/^context of mail .*2048/s);
      expect(carriedBy('mail', { half: undefined, other: half })).toEqual({ other: half });
    });
  });

  it('is not the object of the caller', () => {
    const given = { tenant: 'acme' };
    const carried = carriedBy('mail', given);
    given.tenant = 'other';
    expect(carried).toEqual({ tenant: 'acme' });
  });
});
