import { StoredDataError } from '../../../contract/errors/stored-data.error.js';
import { QueueFullError, QueueUnavailableError } from '../../../contract/errors/enqueue.errors.js';
import { ScalrQueueError } from '../../../contract/errors/scalr-queue.error.js';
import { outcomeUnknown } from '../../outcome-unknown.js';
import { denialOf, isDeniedHalfWay } from './acl-refusal.js';
import { refusalOf, replyOf } from './redis-reply.js';
import { meaningOf } from './trouble-text.js';

/** Replies with which Redis refuses a worker, now but perhaps not later. */
const REFUSED_WORK = /^-?(UNKILLABLE|ERR|WRONGTYPE)\b/;
/**
 * Said by the client before it has written anything. The last one by a cluster client whose node was not connected. Upstream: these
 * errors of ioredis have no code, only their text.
 */
const NEVER_SENT =
  /Stream isn't writeable|enableOfflineQueue|^Too many Cluster redirections\. .*Connection is closed/;
/** How every error begins that Redis itself replies with. */
const ANSWER = /^-?[A-Z]{2,} /;
/** It answered, and what it holds is not what was expected. */
const UNREADABLE = /\bWRONGTYPE\b|user_script|Error running script/;

/**
 * What a failed command means for the caller: nothing happened, or nobody knows. The error of ioredis itself is never
 * passed on, for it carries the command with its arguments: payloads and passwords.
 */
export function toEnqueueError(error: unknown, jobIds: readonly string[]): Error {
  if (error instanceof ScalrQueueError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const cause = new Error(message);
  const refusal = refusalOf(error);
  if (refusal?.code === 'OOM') {
    return new QueueFullError(
      'Redis is out of memory and refuses writes: raise maxmemory, or let the workers drain. Nothing was enqueued.',
      { cause },
    );
  }
  const denial = denialOf(error);
  if (denial && !isDeniedHalfWay(message))
    return new QueueUnavailableError(`${denial}. Nothing was enqueued.`, { cause });
  if (refusal || NEVER_SENT.test(message)) {
    const why = refusal ? `Redis refuses: ${refusal.why} (${replyOf(message)})` : 'Redis is not reachable';
    return new QueueUnavailableError(`${why}. Nothing was enqueued; it is safe to try again.`, { cause });
  }
  return outcomeUnknown(denial ? `${denial}. For` : 'no answer from Redis for', jobIds, cause);
}

/** Whether an error is Redis saying no, rather than Redis being away or the engine having lost a lock. */
export function isRefusal(error: unknown): boolean {
  return refusalOf(error) !== undefined || (error instanceof Error && REFUSED_WORK.test(error.message));
}

/** The error of a read: there is no outcome to be in doubt about. */
export function toReadError(error: unknown): Error {
  if (error instanceof ScalrQueueError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const cause = new Error(message);
  const denial = denialOf(error);
  if (denial) return new QueueUnavailableError(denial, { cause });
  const refusal = refusalOf(error);
  if (refusal)
    return new QueueUnavailableError(`Redis refuses: ${refusal.why} (${replyOf(message)})`, { cause });
  // After the refusals: one of a script's write names the script, too.
  if (UNREADABLE.test(message) || error instanceof SyntaxError || error instanceof RangeError)
    return new StoredDataError(`what Redis holds for the app cannot be read: ${replyOf(message)}`, { cause });
  const why = ANSWER.test(message) ? `Redis refused: ${message}` : `Redis did not answer: ${message}`;
  return new QueueUnavailableError(why, { cause });
}

/** Whether an error only says that a command found no connection: why there is none another one has said. */
export function isNeverSent({ message }: Error): boolean {
  return NEVER_SENT.test(message);
}

/** The text of an error that is fit for a log: an AggregateError of the net module has none of its own. */
export function messageOf(error: Error): string {
  const { lastNodeError } = error as { lastNodeError?: unknown };
  if (lastNodeError instanceof Error) return `no node of the cluster answers: ${messageOf(lastNodeError)}`;
  const meaning = meaningOf(error.message);
  if (meaning) return meaning;
  const asked = /^All sentinels are unreachable.*Last error: (.*)$/s.exec(error.message)?.[1];
  if (asked !== undefined) return `no sentinel answers: ${asked}`;
  if (error.message) return denialOf(error) ?? replyOf(error.message);
  const first = error instanceof AggregateError ? (error.errors[0] as Error | undefined) : undefined;
  return first?.message ?? error.name;
}
