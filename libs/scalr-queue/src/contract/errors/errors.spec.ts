import * as configuration from './configuration.errors.js';
import * as enqueue from './enqueue.errors.js';
import * as outcome from './outcome.errors.js';
import { StoredDataError } from './stored-data.error.js';
import * as payload from './payload.errors.js';
import { ScalrQueueError } from './scalr-queue.error.js';

const cause = new Error('the cause');

describe('an error of the library', () => {
  it.each<[ScalrQueueError, string, string]>([
    [new configuration.QueueConfigError('m'), 'QueueConfigError', 'QUEUE_CONFIG'],
    [new configuration.InvalidJobDefinitionError('m'), 'InvalidJobDefinitionError', 'INVALID_JOB_DEFINITION'],
    [new configuration.InvalidOptionError('m'), 'InvalidOptionError', 'INVALID_OPTION'],
    [new configuration.UnknownJobError('m'), 'UnknownJobError', 'UNKNOWN_JOB'],
    [new configuration.DuplicateHandlerError('j', 'A.a', 'B.b'), 'DuplicateHandlerError', 'DUPLICATE_HANDLER'],
    [new enqueue.QueueUnavailableError('m'), 'QueueUnavailableError', 'QUEUE_UNAVAILABLE'],
    [new enqueue.OutcomeUnknownError('m', ['1']), 'OutcomeUnknownError', 'OUTCOME_UNKNOWN'],
    [new enqueue.QueueFullError('m'), 'QueueFullError', 'QUEUE_FULL'],
    [new enqueue.UnhandledJobError('m'), 'UnhandledJobError', 'UNHANDLED_JOB'],
    [new enqueue.EnqueueAbortedError([]), 'EnqueueAbortedError', 'ENQUEUE_ABORTED'],
    [new enqueue.QueueClosedError('m'), 'QueueClosedError', 'QUEUE_CLOSED'],
    [new outcome.JobTimeoutError('j', 5), 'JobTimeoutError', 'JOB_TIMEOUT'],
    [new outcome.JobCancelledError('1'), 'JobCancelledError', 'JOB_CANCELLED'],
    [new outcome.JobFailedError('1', 'attempts', 'm'), 'JobFailedError', 'JOB_FAILED'],
    [new outcome.JobNotKeptError('1'), 'JobNotKeptError', 'JOB_NOT_KEPT'],
    [new outcome.WaitTimeoutError('1', 5), 'WaitTimeoutError', 'WAIT_TIMEOUT'],
    [new StoredDataError('m'), 'StoredDataError', 'STORED_DATA_UNREADABLE'],
    [new payload.PayloadInvalidError('payload of j', []), 'PayloadInvalidError', 'PAYLOAD_INVALID'],
    [new payload.PayloadNotSerializableError('payload of j', '$', 'w'), 'PayloadNotSerializableError', 'PAYLOAD_NOT_SERIALIZABLE'],
    [new payload.PayloadTooLargeError('payload of j', 2, 1), 'PayloadTooLargeError', 'PAYLOAD_TOO_LARGE'],
  ])('has a name, a stable code and a message: %s', (error, name, code) => {
    expect(error).toBeInstanceOf(ScalrQueueError);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name, code });
    expect(error.message).not.toBe('');
    expect(String(error)).toBe(`${name}: ${error.message}`);
  }); // prettier-ignore

  it.each(Object.entries({ ...configuration, ...enqueue, ...outcome, ...payload }))(
    'is known to every copy of the package: %s',
    (name, type) => {
      expect(Object.getOwnPropertySymbols(type.prototype)).toContain(Symbol.for(`scalr-queue.class.${name}`));
    },
  );

  it('keeps its cause', () => {
    expect(new enqueue.QueueUnavailableError('m', { cause }).cause).toBe(cause);
    expect(new enqueue.OutcomeUnknownError('m', [], { cause }).cause).toBe(cause);
    expect(new payload.PayloadNotSerializableError('p', '$', 'w', { cause }).cause).toBe(cause);
  });

  it('carries what the caller needs to act', () => {
    expect(new enqueue.OutcomeUnknownError('m', ['1', '2'])).toMatchObject({
      jobId: '1',
      jobIds: ['1', '2'],
      outcome: 'unknown',
    });
    expect(new enqueue.QueueUnavailableError('m').outcome).toBe('not-enqueued');
    expect(new outcome.JobFailedError('1', 'expired', 'too late')).toMatchObject({
      jobId: '1',
      reason: 'expired',
      message: 'job 1 failed (expired): too late',
    });
    expect(new outcome.JobTimeoutError('j', 5)).toMatchObject({ timeout: 5 });
    expect(new outcome.JobCancelledError('1').jobId).toBe('1');
    expect(new outcome.WaitTimeoutError('1', 5)).toMatchObject({ jobId: '1' });
    expect(new configuration.DuplicateHandlerError('j', 'A.a', 'B.b').message).toBe(
      'two handlers for the job "j": A.a and B.b. Keep one @ProcessJob per definition, or give the second its own definition.',
    );
  });
});
