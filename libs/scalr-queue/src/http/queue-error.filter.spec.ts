import { type ArgumentsHost, Logger } from '@nestjs/common';
import { lastValueFrom, type Observable } from 'rxjs';
import {
  EnqueueAbortedError,
  OutcomeUnknownError,
  QueueClosedError,
  QueueFullError,
  QueueUnavailableError,
  UnhandledJobError,
} from '../contract/errors/enqueue.errors.js';
import { JobFailedError, WaitTimeoutError } from '../contract/errors/outcome.errors.js';
import { PayloadInvalidError } from '../contract/errors/payload.errors.js';
import type { ScalrQueueError } from '../contract/errors/scalr-queue.error.js';
import { QueueErrorFilter } from './queue-error.filter.js';

/** What a filter is given: its response, or its client, keeps what was done with it. */
function host(kind: string, shape: (calls: unknown[][]) => object) {
  const calls: unknown[][] = [];
  const target = shape(calls);
  const context = { getResponse: () => target, getClient: () => target };
  const switches = { switchToHttp: () => context, switchToWs: () => context };
  return { calls, arguments: { getType: () => kind, ...switches } as unknown as ArgumentsHost };
}

const keep = (calls: unknown[][], ...names: string[]) =>
  Object.fromEntries(
    names.map((name) => [name, function (this: object, ...given: unknown[]) { calls.push([name, ...given]); return this; }]),
  ); // prettier-ignore

/** A reply of Fastify, as far as it goes. */
const reply = (calls: unknown[][]) => keep(calls, 'status', 'header', 'send');

const answerTo = (failure: ScalrQueueError) => {
  const { calls, arguments: given } = host('http', reply);
  new QueueErrorFilter().catch(failure, given);
  return calls;
};

describe('QueueErrorFilter', () => {
  it('answers through the methods that Express and Fastify share', () => {
    const unknown = new OutcomeUnknownError('no answer from redis://secret-host', ['id-1']);
    expect(answerTo(unknown)).toEqual([
      ['header', 'Retry-After', '5'],
      ['status', 503],
      ['send', expect.objectContaining({ code: 'OUTCOME_UNKNOWN', jobId: 'id-1' })],
    ]);
    expect(JSON.stringify(answerTo(unknown))).not.toContain('secret-host');
    const issues = [{ path: '$.to', message: 'required' }];
    expect(answerTo(new PayloadInvalidError('payload of mail', issues))).toEqual([
      ['status', 400],
      ['send', expect.objectContaining({ code: 'PAYLOAD_INVALID', issues })],
    ]);
  });

  it('says how many jobs of an aborted enqueueMany were enqueued', () => {
    const job = { id: 'id-1', name: 'mail.send', queue: 'mail', status: 'created' } as const;
    const aborted = new EnqueueAbortedError([job, job], { cause: new Error('redis://secret-host') });
    expect(answerTo(aborted)).toEqual([
      ['header', 'Retry-After', '5'],
      ['status', 503],
      ['send', expect.objectContaining({ code: 'ENQUEUE_ABORTED', enqueued: 2 })],
    ]);
    expect(JSON.stringify(answerTo(aborted))).not.toContain('secret-host');
  });

  it.each([
    [new QueueUnavailableError('redis://secret-host is away'), 503, 'the job queue cannot be reached'],
    [new QueueFullError('m'), 503, 'the job queue is full'],
    [new UnhandledJobError('m'), 503, 'no worker handles this at the moment'],
    [new QueueClosedError('m'), 503, 'the server is shutting down'],
    [new WaitTimeoutError('id-1', 10), 504, 'the job is not finished yet'],
  ])(
    'tells a client of %o what it can do, without the words for the operator',
    (failure, status, message) => {
      const calls = answerTo(failure);
      const body = { statusCode: status, code: failure.code, message };
      expect(calls.slice(-2)).toEqual([
        ['status', status],
        ['send', status === 504 ? { ...body, jobId: 'id-1' } : body],
      ]);
      expect(calls.filter(([name]) => name === 'header')).toEqual(
        status === 503 ? [['header', 'Retry-After', '5']] : [],
      );
    },
  );

  it('answers through the plain response that a middleware of Fastify has', () => {
    const { calls, arguments: given } = host('http', (kept) => keep(kept, 'setHeader', 'end'));
    new QueueErrorFilter().catch(new QueueFullError('m'), given);
    expect(calls.at(0)).toEqual(['setHeader', 'Retry-After', '5']);
    expect(given.switchToHttp().getResponse<{ statusCode: number }>().statusCode).toBe(503);
    expect(calls.slice(1)).toEqual([
      ['setHeader', 'Content-Type', 'application/json; charset=utf-8'],
      ['end', expect.stringContaining('"code":"QUEUE_FULL"')],
    ]);
  });

  it('logs any other error of the library, and says nothing about it', () => {
    const log = vi.spyOn(Logger.prototype, 'error').mockReturnValue(undefined);
    const error = new JobFailedError('1', 'attempts', 'inner secret');
    expect(answerTo(error)).toEqual([
      ['status', 500],
      ['send', { statusCode: 500, message: 'Internal server error' }],
    ]);
    expect(log).toHaveBeenCalledWith(error);
    log.mockRestore();
  });

  it('only ends an answer that has begun', () => {
    const { calls, arguments: given } = host('http', (kept) => ({ headersSent: true, ...keep(kept, 'end', 'send') }));
    new QueueErrorFilter().catch(new QueueClosedError('m'), given);
    expect(calls).toEqual([['end']]);
  }); // prettier-ignore

  it('serves messages, sockets and GraphQL in their own way', async () => {
    const error = new QueueClosedError('m');
    const filter = new QueueErrorFilter();
    const message = filter.catch(error, host('rpc', reply).arguments) as Observable<never>;
    await expect(lastValueFrom(message)).rejects.toMatchObject({ status: 'error', code: 'QUEUE_CLOSED' });
    const socket = host('ws', (kept) => keep(kept, 'emit'));
    filter.catch(error, socket.arguments);
    expect(socket.calls).toEqual([['emit', 'exception', expect.objectContaining({ code: 'QUEUE_CLOSED' })]]);
    expect(() => filter.catch(error, host('graphql', reply).arguments)).toThrow(error);
  });
});
