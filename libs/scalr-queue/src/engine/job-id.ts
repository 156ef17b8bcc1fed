import { InvalidOptionError } from '../contract/errors/configuration.errors.js';
import type { OptionChecker } from '../contract/option-checker.js';
import { MAX_NAME_LENGTH } from '../contract/defaults.js';

const ID = /^[A-Za-z0-9][A-Za-z0-9_.@+=-]*$/;
/** Not allowed in names and ids, so the first one ends the name. */
const SEPARATOR = '~';

const BYTES_OF_AN_ID = 16;
/** Asking the system for randomness costs more than all else of an enqueue: it is asked for many ids at a time. */
const random = Buffer.alloc(256 * BYTES_OF_AN_ID);
let used = random.length;
let lastMs = -Infinity;
let sequence = 0;

/** A fresh job id: a UUIDv7, so ids sort by the time they were made, also those of one millisecond. */
export function newJobId(): string {
  if (used === random.length) {
    crypto.getRandomValues(random);
    used = 0;
  }
  const at = used;
  used += BYTES_OF_AN_ID;
  const now = Date.now();
  // A clock that was set back does not make ids go back.
  if (now > lastMs) {
    lastMs = now;
    sequence = random.readUInt32BE(at + 6) & 0x3fff_ffff;
  } else sequence++;
  return uuidV7(at);
}

/** RFC 9562: 48 bits of time, then 32 of the sequence around version and variant, then what is random at that place. */
function uuidV7(at: number): string {
  random.writeUIntBE(lastMs, at, 6);
  random.writeUInt16BE(0x7000 | ((sequence >>> 20) & 0xfff), at + 6);
  random.writeUInt16BE(0x8000 | ((sequence >>> 6) & 0x3fff), at + 8);
  const low = at + 10;
  random[low] = ((sequence << 2) & 0xfc) | (random[low]! & 0x03);
  const hex = random.toString('hex', at, at + BYTES_OF_AN_ID);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Checks an id chosen by the caller. */
export function checkJobId(check: OptionChecker, id: unknown): string {
  if (typeof id !== 'string' || id.length > MAX_NAME_LENGTH || !ID.test(id)) {
    const rule = 'letters, digits and "_.@+=-", beginning with a letter or digit';
    return check.fail('id', `a string of 1 to ${MAX_NAME_LENGTH} characters of ${rule}`, id);
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

/** When a job with an id of ours was enqueued (epoch milliseconds): a UUIDv7 begins with it. */
export function timeOfStoredId(storedId: string): number | undefined {
  const id = fromStoredId(storedId);
  return /^[0-9a-f]{8}-[0-9a-f]{4}-7/.test(id) ? parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : undefined;
}

/**
 * The id alone does not say which job is meant.
 * @param jobs their names, as they are told
 * @param field what says it beside the id
 */
export function ambiguousId(jobs: readonly string[], field: 'name' | 'queue'): InvalidOptionError {
  return new InvalidOptionError(
    `the id is used by jobs of ${jobs.join(' and ')}: pass { id, ${field} } instead of the id`,
  );
}
