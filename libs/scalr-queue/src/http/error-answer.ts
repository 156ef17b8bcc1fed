import { HttpStatus } from '@nestjs/common';
import type { EnqueueAbortedError, OutcomeUnknownError } from '../contract/errors/enqueue.errors.js';
import type { WaitTimeoutError } from '../contract/errors/outcome.errors.js';
import type { PayloadInvalidError } from '../contract/errors/payload.errors.js';
import type { CircuitOpenError, LimitExceededError } from '../contract/errors/shared.errors.js';
import type { ScalrQueueError } from '../contract/errors/scalr-queue.error.js';

/** What an HTTP client gets for an error. */
export interface ErrorAnswer {
  readonly statusCode: HttpStatus;
  readonly body: Readonly<Record<string, unknown>>;
  /** Seconds of the header `Retry-After`. */
  readonly retryAfter?: number;
}

/** Long enough for a Redis or a process to be restarted, short enough to be waited for. */
const RETRY_AFTER = 5;

/** By `code`, which the errors of another copy of the package have too. */
export function toErrorAnswer(error: ScalrQueueError): ErrorAnswer {
  switch (error.code) {
    // The messages of these name the Redis host, which is none of the client's business.
    case 'QUEUE_UNAVAILABLE':
      return unavailable(error, 'the job queue cannot be reached');
    case 'QUEUE_FULL':
      return unavailable(error, 'the job queue is full');
    case 'UNHANDLED_JOB':
      return unavailable(error, 'no worker handles this at the moment');
    case 'QUEUE_CLOSED':
      return unavailable(error, 'the server is shutting down');
    case 'ENQUEUE_ABORTED': {
      // How many, not which: there may be thousands, and a client does not know them.
      const { length: enqueued } = (error as EnqueueAbortedError).enqueued;
      return unavailable(error, 'the call was aborted: only a part of the jobs was enqueued', { enqueued });
    }
    case 'OUTCOME_UNKNOWN': {
      const message = 'the job queue did not answer: try again with jobId as the id, which makes one job';
      return unavailable(error, message, { jobId: (error as OutcomeUnknownError).jobId });
    }
    case 'LIMIT_EXCEEDED':
      return tooMany(error as LimitExceededError);
    case 'CIRCUIT_OPEN':
      return {
        ...unavailable(error, 'what this needs is not available at the moment'),
        retryAfter: secondsOf((error as CircuitOpenError).retryAfter),
      };
    case 'LOCK_NOT_ACQUIRED':
      return unavailable(error, 'this is being worked on at the moment');
    case 'WAIT_TIMEOUT': {
      const { jobId } = error as WaitTimeoutError;
      return answer(HttpStatus.GATEWAY_TIMEOUT, error.code, 'the job is not finished yet', { jobId });
    }
    case 'PAYLOAD_INVALID': {
      const { issues } = error as PayloadInvalidError;
      return answer(HttpStatus.BAD_REQUEST, error.code, error.message, { issues });
    }
    case 'INVALID_OPTION':
    case 'PAYLOAD_NOT_SERIALIZABLE':
    case 'PAYLOAD_TOO_LARGE':
      return answer(HttpStatus.BAD_REQUEST, error.code, error.message);
    default: {
      const statusCode = HttpStatus.INTERNAL_SERVER_ERROR;
      return { statusCode, body: { statusCode, message: 'Internal server error' } };
    }
  }
}

function unavailable({ code }: ScalrQueueError, message: string, more: object = {}): ErrorAnswer {
  return { ...answer(HttpStatus.SERVICE_UNAVAILABLE, code, message, more), retryAfter: RETRY_AFTER };
}

function tooMany({ code, retryAfter }: LimitExceededError): ErrorAnswer {
  const message = 'too many requests: try again later';
  return { ...answer(HttpStatus.TOO_MANY_REQUESTS, code, message), retryAfter: secondsOf(retryAfter) };
}

const secondsOf = (ms: number): number => Math.max(1, Math.ceil(ms / 1_000));

function answer(statusCode: HttpStatus, code: string, message: string, more: object = {}): ErrorAnswer {
  return { statusCode, body: { statusCode, code, message, ...more } };
}
