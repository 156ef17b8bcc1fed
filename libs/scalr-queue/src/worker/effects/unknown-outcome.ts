import { OutcomeUnknownError } from '../../contract/errors/enqueue.errors.js';
import { isInstance } from '../../engine/failure.js';

/** Of calls that were on their way when the connection broke or its time was up. One that was never made has other codes. */
const CODES: ReadonlySet<unknown> = new Set([
  'ABORT_ERR',
  'ECONNABORTED',
  'ECONNRESET',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ESOCKETTIMEDOUT',
  'ETIMEDOUT',
  'UND_ERR_ABORTED',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_SOCKET',
]);
const NAMES: ReadonlySet<unknown> = new Set(['AbortError', 'TimeoutError']);
/** An error can be its own cause. */
const DEEPEST = 10;

/** Whether an error leaves open what became of a call; looked for in its causes too, as `fetch` hides it there. */
export function isUnknownOutcome(error: unknown): boolean {
  return causesOf(error).some((cause) => {
    if (isInstance(cause, OutcomeUnknownError)) return true;
    return NAMES.has(fieldOf(cause, 'name')) || CODES.has(fieldOf(cause, 'code'));
  });
}

/** An error and its causes, the outermost first. */
export function causesOf(error: unknown): object[] {
  const causes: object[] = [];
  for (let cause = error; causes.length < DEEPEST; cause = fieldOf(cause, 'cause')) {
    if (typeof cause !== 'object' || cause === null) break;
    causes.push(cause);
  }
  return causes;
}

/** Errors of somebody else may have getters that throw. */
function fieldOf(error: object, name: string): unknown {
  try {
    return Reflect.get(error, name);
  } catch {
    return undefined;
  }
}
