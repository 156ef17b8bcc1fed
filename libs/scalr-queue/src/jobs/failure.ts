import { ScalrQueueError } from '../errors/scalr-queue.error.js';
import { ERROR_TEXT_LIMIT } from '../options/defaults.js';
import { DEAD_REASONS, type DeadReason, type JobErrorInfo } from './job-info.js';

/**
 * How a failed attempt is written down in the engine's one text field, readable in any tool:
 * `attempts TypeError[E_CODE]: message`. `retrying` stands where the job is not dead.
 */
export type FailureKind = DeadReason | 'retrying';

const FORMAT = /^([a-z-]+) ([^\s:[]*)(?:\[([^\]\s]*)\])?: ([\s\S]*)$/;
/** What the engine itself writes when workers crashed over a job too often. */
const CRASHED = 'job stalled more than allowable limit';

/** What was thrown, whatever it was, as name, message and code, cut to the limit. */
export function describeThrown(thrown: unknown): JobErrorInfo & { readonly stack?: string } {
  if (!(thrown instanceof Error)) {
    return {
      name: 'NonError',
      message: cut(`the handler threw ${thrown === null ? 'null' : `a value of type ${typeof thrown}`}`),
    };
  }
  const { code } = thrown as { code?: unknown };
  return {
    name: cleanName(thrown.name),
    message: cut(safeText(() => thrown.message)),
    ...(typeof code === 'string' || typeof code === 'number'
      ? {
          code: String(code)
            .replace(/[\]\s]/g, '')
            .slice(0, 64),
        }
      : {}),
    stack: cut(safeText(() => thrown.stack ?? '')),
  };
}

export function formatFailure(kind: FailureKind, error: JobErrorInfo): string {
  return cut(`${kind} ${error.name}${error.code ? `[${error.code}]` : ''}: ${error.message}`);
}

/** The reverse of {@link formatFailure}; texts that others wrote count as `attempts`. */
export function parseFailure(text: string): { kind: FailureKind; error: JobErrorInfo } {
  if (text === CRASHED) {
    return {
      kind: 'crashed',
      error: { name: 'WorkerCrashed', message: 'its worker crashed too often while running it' },
    };
  }
  const [, kind, name, code, message] = FORMAT.exec(text) ?? [];
  if (kind === undefined || !isKind(kind))
    return { kind: 'attempts', error: { name: 'Error', message: text } };
  return { kind, error: { name: name || 'Error', message: message ?? '', ...(code ? { code } : {}) } };
}

/** Whether an error was thrown by this library for a reason of its own. */
export const isOwnError = (error: unknown): error is ScalrQueueError => error instanceof ScalrQueueError;

function isKind(kind: string): kind is FailureKind {
  return kind === 'retrying' || DEAD_REASONS.some((reason) => reason === kind);
}

function cleanName(name: unknown): string {
  return typeof name === 'string' && /^[^\s:[\]]{1,64}$/.test(name) ? name : 'Error';
}

function cut(text: string): string {
  return text.length > ERROR_TEXT_LIMIT ? `${text.slice(0, ERROR_TEXT_LIMIT - 3)}...` : text;
}

function safeText(read: () => unknown): string {
  try {
    const text = read();
    return typeof text === 'string' ? text : String(text);
  } catch {
    return 'the error could not be read';
  }
}
