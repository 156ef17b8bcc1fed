import type { DeadPosition } from '../engine/dead-position.js';
import { decodeCursor, encodeCursor } from '../engine/cursor.js';

/** Before everything: where a call starts that was given no cursor. */
export const BEGINNING: DeadPosition = { diedAt: Number.MAX_SAFE_INTEGER, queue: '', storedId: '' };

/** Negative when `a` stands before `b` in the list. */
export function compare(a: DeadPosition, b: DeadPosition): number {
  if (a.diedAt !== b.diedAt) return b.diedAt - a.diedAt;
  if (a.queue !== b.queue) return a.queue < b.queue ? -1 : 1;
  if (a.storedId === b.storedId) return 0;
  return a.storedId > b.storedId ? -1 : 1;
}

/** The place as an opaque text to carry on from. */
export function toCursor({ diedAt, queue, storedId }: DeadPosition): string {
  return encodeCursor([diedAt, queue, storedId]);
}

/** @throws InvalidOptionError */
export function fromCursor(cursor: unknown): DeadPosition | undefined {
  if (cursor === undefined) return undefined;
  return decodeCursor(cursor, ([diedAt, queue, storedId]) =>
    typeof diedAt === 'number' && typeof queue === 'string' && typeof storedId === 'string'
      ? { diedAt, queue, storedId }
      : undefined,
  );
}
