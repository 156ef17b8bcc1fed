import { InvalidOptionError } from '../contract/errors/configuration.errors.js';

/** A place in a list as an opaque text to carry on from. */
export function encodeCursor(place: readonly unknown[]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/**
 * The reverse of {@link encodeCursor}.
 *
 * @param toPlace undefined for what is none of its places; what it throws counts as that
 * @throws InvalidOptionError
 */
export function decodeCursor<Place extends object>(
  cursor: unknown,
  toPlace: (parts: readonly unknown[]) => Place | undefined,
): Place {
  const place = attempt(() =>
    toPlace(JSON.parse(Buffer.from(cursor as string, 'base64url').toString()) as unknown[]),
  );
  if (!place) throw new InvalidOptionError('expected cursor to be one that an earlier call returned');
  return place;
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
