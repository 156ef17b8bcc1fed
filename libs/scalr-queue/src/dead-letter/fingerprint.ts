import { createHash } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { JobErrorInfo } from '../contract/job-info.js';
import type { WrittenDeath } from '../engine/dead-position.js';
import { type FailureKind, parseDeath } from '../engine/failure.js';

/** How a job ended, as far as it tells one fault from another. */
export interface Fault {
  /** Name of the definition. */
  readonly name: string;
  readonly reason: FailureKind;
  readonly error: JobErrorInfo;
  /** What its definition says that it is the same as. */
  readonly fingerprint?: string;
}

/** Characters of a message that are read: what comes later is details. */
const READ_LENGTH = 1_000;
const SHAPE_LENGTH = 200;

/** Errors of the language quote names of the program, which tell one bug from another. */
const LANGUAGE_ERRORS: ReadonlySet<string> = new Set([
  'TypeError',
  'ReferenceError',
  'SyntaxError',
  'RangeError',
]);
const QUOTED = /(?<!\w)(['"`])([^'"`\n]{0,500})\1(?!\w)/g;
const PROGRAM_NAME = /^[A-Za-z_$][\w$.]{0,60}$/;

/** A status of HTTP says what is wrong: 503 and 404 are two faults. */
const STATUS = new RegExp(
  [
    String.raw`\b(?:HTTP(?:\/\d(?:\.\d)?)?|status|code|responded|response|returned|answered|got|received|failed)`,
    String.raw`(?: with)?(?: status)?(?: code)?[:=]?[ _-]?[1-5]\d\d(?![\w.])`,
    String.raw`|\b[1-5]\d\d (?=(?:${Object.values(STATUS_CODES).join('|')})\b)`,
  ].join(''),
  'gi',
);

/** What differs from job to job, with the mark that stands for it, in this order. Every quantifier is bounded: read in linear time. */
const DETAILS: readonly (readonly [RegExp, string])[] = [
  [/\b[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}\b/gi, '<uuid>'],
  [/[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}/g, '<mail>'],
  [/\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?/g, '<time>'],
  [/\b\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?\b/g, '<time>'],
  [/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b/g, '<ip>'],
  [/(?<![\w:])(?:[\da-f]{0,4}:){2,7}[\da-f]{1,5}/gi, '<ip>'],
  // The fraction and the thousands of a number; the rest is one word with a digit.
  [/\b\d{1,30}(?:[.,]\d{1,30}){1,10}/g, '0'],
];
const WORD_WITH_DIGIT = /(?<![\w-])[a-z_-]{0,200}\d[\w-]{0,200}/gi;

/** What stands for a text that stays as it is while others are marked: characters that are in no message. */
const PLACEHOLDERS = /[\uE000-\uF8FF]/g;
const FIRST_PLACEHOLDER = 0xe000;

/** The message of an error without what differs from job to job, on one line of at most 200 characters. */
export function shapeOf({ name, message }: JobErrorInfo): string {
  const kept: string[] = [];
  const keep = (text: string) => String.fromCharCode(FIRST_PLACEHOLDER + kept.push(text) - 1);
  let shape = message
    .slice(0, READ_LENGTH)
    .replace(PLACEHOLDERS, ' ')
    .replace(STATUS, keep)
    .replace(QUOTED, (quoted, _mark, text: string) =>
      LANGUAGE_ERRORS.has(name) && PROGRAM_NAME.test(text) ? keep(quoted) : '<text>',
    );
  for (const [details, mark] of DETAILS) shape = shape.replace(details, mark);
  shape = shape
    .replace(WORD_WITH_DIGIT, markOf)
    .replace(PLACEHOLDERS, (place) => kept[place.charCodeAt(0) - FIRST_PLACEHOLDER]!)
    .replace(/\s+/g, ' ')
    .trim();
  return shape.length > SHAPE_LENGTH ? `${shape.slice(0, SHAPE_LENGTH - 3)}...`.toWellFormed() : shape;
}

/** What is written down about the end of a job, read. */
export function faultOf({ name, failedReason, attemptsMade, maxAttempts }: WrittenDeath): Fault {
  const { kind, ...failure } = parseDeath(failedReason, { made: attemptsMade, max: maxAttempts });
  return { name, reason: kind, ...failure };
}

/**
 * Eight hexadecimal digits, the same for all jobs that died of one fault: their definition, reason, error and the shape of its message; or
 * what their definition made of it.
 */
export function fingerprintOf({ name, reason, error, fingerprint }: Fault, shape = shapeOf(error)): string {
  if (fingerprint !== undefined) return fingerprint;
  const parts = [name, reason, error.name, error.code ?? '', shape];
  return createHash('sha1').update(JSON.stringify(parts)).digest('hex').slice(0, 8);
}

/** `12` and `12ms` are numbers, `worker-12` and `node3` are numbered, `cus_9xK21` is an id, `E2BIG` is a word. */
function markOf(word: string): string {
  const [, unit] = /^\d+([a-z]{0,3})$/i.exec(word) ?? [];
  if (unit !== undefined) return `<n>${unit}`;
  const [, numbered] = /^([a-z_-]+)\d+$/i.exec(word) ?? [];
  if (numbered !== undefined) return `${numbered}<n>`;
  return word.length >= 12 || word.replace(/\D/g, '').length > 1 ? '<id>' : word;
}
