import * as fc from 'fast-check';
import { InvalidOptionError } from '../contract/errors/configuration.errors.js';
import { OptionChecker } from '../contract/option-checker.js';
import { checkJobId, fromStoredId, newJobId, toStoredId } from './job-id.js';

const check = new OptionChecker(InvalidOptionError);
const RULE =
  'expected id to be a string of 1 to 128 characters of letters, digits and "_.@+=-", beginning with a letter or digit';
const names = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/);
const ids = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.@+=-]{0,127}$/);

describe('a new id', () => {
  it('is a UUIDv7, so ids sort by the time they were made', () => {
    const made = Array.from({ length: 1_000 }, newJobId);
    expect(new Set(made).size).toBe(1_000);
    expect(
      made.every((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id)),
    ).toBe(true);
    expect(made).toEqual(made.toSorted());
  });
});

describe('an id of the caller', () => {
  it.each<[unknown, string]>([
    [123, '123'],
    [{}, 'an object'],
    [null, 'null'],
    ['', '""'],
    ['a:b', '"a:b"'],
    ['a:b:c', '"a:b:c"'],
    ['0:a:b', '"0:a:b"'],
    ['a~b', '"a~b"'],
    ['a\nb', String.raw`"a\nb"`],
    ['a\n', String.raw`"a\n"`],
    ['*', '"*"'],
    ['{x}', '"{x}"'],
    ['a[b]?', '"a[b]?"'],
    ['x'.repeat(1_000_000), `"${'x'.repeat(57)}..."`],
  ])('cannot be %o', (id, got) => {
    expect(() => checkJobId(check, id)).toThrow(new InvalidOptionError(`${RULE}, got: ${got}`));
  });

  it.each(['wait', 'meta', 'events', 'active', '0', '123', 'order-7@eu', 'x'.repeat(128)])(
    'can be %s',
    (id) => {
      expect(checkJobId(check, id)).toBe(id);
    },
  );
});

describe('the stored id', () => {
  it('differs for every pair of name and id, is none of the engine, and tells the id', () => {
    fc.assert(
      fc.property(names, ids, names, ids, (name, id, otherName, otherId) => {
        const stored = toStoredId(name, id);
        expect(stored).toMatch(/^[^~:{}\s]+~[^~:{}\s]+$/);
        expect(fromStoredId(stored)).toBe(id);
        const isSame = stored === toStoredId(otherName, otherId);
        expect(isSame).toBe(name === otherName && id === otherId);
      }),
    );
  });

  it('of a job that others enqueued is its id', () => expect(fromStoredId('42')).toBe('42'));
});
