import { isNativeError } from 'node:util/types';
import { ERROR_TEXT_LIMIT } from '../contract/defaults.js';
import { JobCancelledError } from '../contract/errors/outcome.errors.js';
import { DEAD_REASONS, type DeadReason, type JobErrorInfo } from '../contract/job-info.js';

/**
 * How a failed attempt is written down in the engine's one text field, readable in any tool:
 * `attempts TypeError[E_CODE]: message`. `retrying` stands where the job is not dead. `[E_CODE|fp:1a2b3c4d]` has the fingerprint that its
 * definition gave it.
 */
export type FailureKind = DeadReason | 'retrying';

const FINGERPRINT_MARK = '|fp:';
const FINGERPRINT = /^(.*)\|fp:([\da-f]{8})$/;
const FORMAT = /^([a-z-]+) ([^\s:[]*)(?:\[([^\]\s]*)\])?: ([\s\S]*)$/;
/** Upstream: what BullMQ writes, in `defa`, when workers crashed over a job too often. */
export const CRASHED = 'job stalled more than allowable limit';

/** `instanceof` for what somebody else threw: a proxy can answer the question with an error of its own. */
export function isInstance<T>(thrown: unknown, type: abstract new (...args: never[]) => T): thrown is T {
  return attempt(() => thrown instanceof type) === true;
}

/** What was thrown, whatever it was, as name, message and code, cut to the limit. Never throws itself. */
export function describeThrown(thrown: unknown): JobErrorInfo & { readonly stack?: string } {
  if (!isError(thrown)) {
    return {
      name: 'NonError',
      message: `the handler threw ${thrown === null ? 'null' : `a value of type ${typeof thrown}`}`,
    };
  }
  const code = cleanCode(attempt(() => (thrown as { code?: unknown }).code));
  return {
    name: cleanName(attempt(() => thrown.name)),
    message: cut(safeText(() => thrown.message)),
    ...(code ? { code } : {}),
    stack: cut(safeText(() => thrown.stack ?? '')),
  };
}

/** @param fingerprint eight hexadecimal digits that group it with others, whatever their errors */
export function formatFailure(kind: FailureKind, error: JobErrorInfo, fingerprint?: string): string {
  const mark = fingerprint === undefined ? '' : FINGERPRINT_MARK + fingerprint;
  const code = `${error.code ?? ''}${mark}`;
  return cut(`${kind} ${error.name}${code ? `[${code}]` : ''}: ${error.message}`);
}

/** The failure of a cancelled job. */
export function cancelledFailure(id: string): string {
  const { name, message, code } = new JobCancelledError(id);
  return formatFailure('cancelled', { name, message, code });
}

/** A failure as it was written down. */
export interface WrittenFailure {
  readonly kind: FailureKind;
  readonly error: JobErrorInfo;
  readonly fingerprint?: string;
}

/** The reverse of {@link formatFailure}; texts that others wrote count as `attempts`. */
export function parseFailure(text: string): WrittenFailure {
  if (text === CRASHED) {
    return {
      kind: 'crashed',
      error: {
        name: 'WorkerCrashed',
        message:
          'its worker crashed too often in a row while running it, or was blocked for longer than lockDuration',
      },
    };
  }
  const [, kind, name, marked = '', message] = FORMAT.exec(text) ?? [];
  if (kind === undefined || !isKind(kind))
    return { kind: 'attempts', error: { name: 'Error', message: text } };
  const [, code = marked, fingerprint] = FINGERPRINT.exec(marked) ?? [];
  return {
    kind,
    error: { name: name || 'Error', message: message ?? '', ...(code ? { code } : {}) },
    ...(fingerprint === undefined ? {} : { fingerprint }),
  };
}

/**
 * Why a job is dead. One that others gave up before its attempts were used, as `UnrecoverableError` does, has a reason of its
 * own, which nobody writes down.
 */
export function parseDeath(
  text: string,
  attempts: { readonly made: number; readonly max: number },
): WrittenFailure {
  const failure = parseFailure(text);
  const isTheirs = failure.kind === 'attempts' && failure.error.message === text;
  return isTheirs && attempts.made < attempts.max ? { ...failure, kind: 'unrecoverable' } : failure;
}

function isKind(kind: string): kind is FailureKind {
  return kind === 'retrying' || DEAD_REASONS.some((reason) => reason === kind);
}

function cleanName(name: unknown): string {
  return typeof name === 'string' && /^[^\s:[\]]{1,64}$/.test(name) ? name.toWellFormed() : 'Error';
}

function cleanCode(code: unknown): string {
  if (typeof code !== 'string' && typeof code !== 'number') return '';
  return String(code)
    .replace(/[\]\s]/g, '')
    .replaceAll(FINGERPRINT_MARK, '')
    .slice(0, 64)
    .toWellFormed();
}

/** Also true for an error of another realm, which is no instance of our Error. */
export function isError(thrown: unknown): thrown is Error {
  return isNativeError(thrown) || attempt(() => thrown instanceof Error) === true;
}

/** Half of a surrogate pair, also one that was cut, would come back from Redis as something else. */
function cut(text: string): string {
  const short = text.length > ERROR_TEXT_LIMIT ? `${text.slice(0, ERROR_TEXT_LIMIT - 3)}...` : text;
  return short.toWellFormed();
}

function safeText(read: () => unknown): string {
  const text = attempt(() => String(read()));
  return text ?? 'the error could not be read';
}

/** What a getter or a proxy of somebody else gives; undefined when it throws. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
