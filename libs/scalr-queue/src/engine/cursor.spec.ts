import { decodeCursor, encodeCursor } from './cursor.js';

const toPlace = ([name, at]: readonly unknown[]) =>
  typeof name === 'string' && typeof at === 'number' ? { name, at } : undefined;

describe('a cursor', () => {
  it('leads back to its place, and fits into a URL', () => {
    const cursor = encodeCursor(['ü?/', 7]);
    expect(cursor).toMatch(/^[\w-]+$/);
    expect(decodeCursor(cursor, toPlace)).toEqual({ name: 'ü?/', at: 7 });
  });

  it.each([
    ['of another list', encodeCursor([7, 'x'])],
    ['that is no list', Buffer.from('null').toString('base64url')],
    ['that is no JSON', 'abc'],
    ['of another type', 7],
  ])('is refused: one %s', (_what, cursor) => {
    expect(() => decodeCursor(cursor, toPlace)).toThrow(
      'expected cursor to be one that an earlier call returned',
    );
  });
});
