import { v7 } from 'uuid';
import type { OptionChecker } from '../options/option-checker.js';
import { MAX_NAME_LENGTH } from '../options/defaults.js';

const ID = /^[A-Za-z0-9][A-Za-z0-9_.@+=-]*$/;
/** Not allowed in names and ids, so the first one ends the name. */
const SEPARATOR = '~';

const BYTES_OF_AN_ID = 16;
/** Asking the system for randomness costs more than all else of an enqueue: it is asked for many ids at a time. */
const random = new Uint8Array(256 * BYTES_OF_AN_ID);
let used = random.length;
let lastMs = -Infinity;
let sequence = 0;

/** A fresh job id: a UUIDv7, so ids sort by the time they were made, also those of one millisecond. */
export function newJobId(): string {
  if (used === random.length) {
    crypto.getRandomValues(random);
    used = 0;
  }
  const bytes = random.subarray(used, (used += BYTES_OF_AN_ID));
  const now = Date.now();
  // A clock that was set back does not make ids go back.
  if (now > lastMs) {
    lastMs = now;
    sequence = ((bytes[6]! & 0x3f) << 24) | (bytes[7]! << 16) | (bytes[8]! << 8) | bytes[9]!;
  } else sequence++;
  return v7({ random: bytes, msecs: lastMs, seq: sequence });
}

/** Checks an id chosen by the caller. */
export function checkJobId(check: OptionChecker, id: unknown): string {
  if (typeof id !== 'string' || id.length > MAX_NAME_LENGTH || !ID.test(id)) {
    const rule = 'letters, digits and "_.@+=-", beginning with a letter or digit';
    return check.fail('id', `a text of 1 to ${MAX_NAME_LENGTH} characters of ${rule}`, id);
  }
  return id;
}

/**
 * The id under which the engine stores a job. It holds the name, so that a chosen id is unique per definition,
 * and a separator, so that it can never be one of the engine's own keys (`wait`, `meta`, `events`, ...),
 * which would destroy the queue.
 */
export function toStoredId(name: string, id: string): string {
  return `${name}${SEPARATOR}${id}`;
}

/** The name of the job inside a stored id; undefined for jobs that were not enqueued by this library. */
export function nameOfStoredId(storedId: string): string | undefined {
  const at = storedId.indexOf(SEPARATOR);
  return at <= 0 ? undefined : storedId.slice(0, at);
}

/** The job id inside a stored id; jobs that were not enqueued by this library keep the id they have. */
export function fromStoredId(storedId: string): string {
  const at = storedId.indexOf(SEPARATOR);
  return at < 0 ? storedId : storedId.slice(at + 1);
}
