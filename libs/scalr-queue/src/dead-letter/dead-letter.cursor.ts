import type { DeadPosition } from '../engine/dead-position.js';
import { InvalidOptionError } from '../contract/errors/configuration.errors.js';

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
  return Buffer.from(JSON.stringify([diedAt, queue, storedId])).toString('base64url');
}

/** @throws InvalidOptionError */
export function fromCursor(cursor: unknown): DeadPosition | undefined {
  if (cursor === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor as string, 'base64url').toString());
    const [diedAt, queue, storedId] = parsed as unknown[];
    if (typeof diedAt === 'number' && typeof queue === 'string' && typeof storedId === 'string') {
      return { diedAt, queue, storedId };
    }
  } catch {
    // Answered below.
  }
  throw new InvalidOptionError('expected cursor to be one that an earlier call returned');
}
