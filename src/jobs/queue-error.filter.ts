import { type ArgumentsHost, Catch, HttpException, HttpStatus } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import {
  InvalidOptionError,
  OutcomeUnknownError,
  PayloadInvalidError,
  PayloadNotSerializableError,
  PayloadTooLargeError,
  QueueClosedError,
  QueueFullError,
  QueueUnavailableError,
  ScalrQueueError,
  UnhandledJobError,
} from 'scalr-queue';

/**
 * Tells an HTTP client what became of its request: 503 when it may try again, 400 when the request is wrong.
 * Anything else is a fault of ours: logged, and a 500.
 */
@Catch(ScalrQueueError)
export class QueueErrorFilter extends BaseExceptionFilter {
  override catch(error: ScalrQueueError, host: ArgumentsHost): void {
    // oxlint-disable-next-line promise/valid-params, promise/no-promise-in-callback -- not the catch of a promise
    super.catch(toHttpException(error) ?? error, host);
  }
}

function toHttpException(error: ScalrQueueError): HttpException | undefined {
  // The messages of these name the Redis host, which is none of the client's business.
  if (error instanceof QueueUnavailableError) return unavailable(error, 'the job queue cannot be reached');
  if (error instanceof QueueFullError) return unavailable(error, 'the job queue is full');
  if (error instanceof UnhandledJobError) return unavailable(error, 'no worker handles this at the moment');
  if (error instanceof QueueClosedError) return unavailable(error, 'the server is shutting down');
  if (error instanceof OutcomeUnknownError) {
    const message = 'the job queue did not answer: try again with the jobId as Idempotency-Key';
    return unavailable(error, message, { jobId: error.jobId });
  }
  if (error instanceof PayloadInvalidError) return badRequest(error, { issues: error.issues });
  const isRefused =
    error instanceof InvalidOptionError ||
    error instanceof PayloadNotSerializableError ||
    error instanceof PayloadTooLargeError;
  return isRefused ? badRequest(error) : undefined;
}

function unavailable({ code }: ScalrQueueError, message: string, more: object = {}): HttpException {
  const statusCode = HttpStatus.SERVICE_UNAVAILABLE;
  return new HttpException({ statusCode, code, message, ...more }, statusCode);
}

function badRequest({ code, message }: ScalrQueueError, more: object = {}): HttpException {
  const statusCode = HttpStatus.BAD_REQUEST;
  return new HttpException({ statusCode, code, message, ...more }, statusCode);
}
