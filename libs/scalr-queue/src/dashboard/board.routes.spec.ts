import type { AppControllerRoute, BullBoardRequest } from '@bull-board/api/typings/app';
import { Logger } from '@nestjs/common';
import { onTestFinished, vi } from 'vitest';
import { InvalidOptionError } from '../contract/errors/configuration.errors.js';
import { limitRoute, toAnswer } from './board.routes.js';
import { ByteAllowance } from '../access/byte.allowance.js';

type Answer = { status: number; body: { error: { key: string }; message?: string } };

/** A route as bull-board has it, behind our limits. */
function routeOf(text: string, work: () => unknown = () => ({ body: 'done' })) {
  const [method, route] = text.split(' ') as ['get', string];
  const limited = limitRoute({ method, route, handler: work } as AppControllerRoute, async () => undefined);
  return async (query: { page?: string; jobsPerPage?: string } = {}, rest: object = {}) =>
    (await limited.handler({ query, params: {}, ...rest } as unknown as BullBoardRequest)) as Answer;
}

describe('a route of the board', () => {
  const JOB = '/api/queues/:queueName/:jobId';
  it.each([
    ['get /api/job-schedulers', 1_400],
    [`get ${JOB}`, 1_400],
    [`put ${JOB}/retry`, 1_400],
    ['put /api/queues/:queueName/pause', 1_400],
    ['get /api/queues', 10_000],
    [`get ${JOB}/logs`, 10_000],
    ['put /api/queues/:queueName/clean/:queueStatus', 20_000],
    ['put /api/queues/pause', 20_000],
    ['put /api/queues/resume', 20_000],
  ])('%s is answered within %i ms, whatever Redis does', async (route, deadline) => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    let answered: Answer | undefined;
    const call = routeOf(route, () => new Promise(() => {}));
    void call().then((answer) => (answered = answer));
    await vi.advanceTimersByTimeAsync(deadline - 1);
    expect(answered).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(answered).toEqual({
      status: 503,
      body: { error: { key: 'ERRORS.INTERNAL_SERVER_ERROR' }, message: 'Redis does not answer' },
    });
  });

  it('that is not known is refused', async () => {
    const work = vi.fn<() => unknown>();
    for (const route of ['put /api/queues/:queueName/empty', 'delete /api/queues', `post ${JOB}`])
      expect(await routeOf(route, work)()).toEqual({
        status: 403,
        body: { error: { key: 'ERRORS.FORBIDDEN' } },
      });
    expect(work).not.toHaveBeenCalled();
  });

  it('takes pages of up to a hundred jobs, and ten thousand of them', async () => {
    const call = routeOf('get /api/queues');
    for (const query of [{}, { page: '1', jobsPerPage: '1' }, { page: '10000', jobsPerPage: '100' }])
      expect(await call(query)).toEqual({ body: 'done' });
    const wrong = ['0', '-1', '1.5', 'x', '', '101', '10001'];
    for (const value of wrong)
      expect([value, (await call({ jobsPerPage: value })).status]).toEqual([value, 400]);
    for (const value of wrong.filter((one) => one !== '101'))
      expect([value, (await call({ page: value })).status]).toEqual([value, 400]);
  });

  it('retries all dead jobs of a queue that is there and may be changed, and no others', async () => {
    const call = routeOf('put /api/queues/:queueName/retry/:queueStatus');
    const queue = { readOnlyMode: false, retryAll: async () => ({ retried: 3, skipped: 0 }) };
    const ask = (name: string, queueStatus: string, more: object = {}) =>
      call({}, { params: { queueName: name, queueStatus }, queues: new Map([['q', { ...queue, ...more }]]) });
    expect(await ask('q', 'failed')).toEqual({ body: { retried: 3, skipped: 0 } });
    expect((await ask('another', 'failed')).status).toBe(404);
    expect((await ask('q', 'failed', { readOnlyMode: true })).status).toBe(405);
    expect((await ask('q', 'completed')).status).toBe(400);
  });
});

it('answers with the text of an error only where it is our own', () => {
  expect(toAnswer(new InvalidOptionError('no such queue: hunter2'))).toEqual({
    status: 404,
    body: { error: { key: 'ERRORS.QUEUE_NOT_FOUND' } },
  });
  expect(toAnswer(Object.assign(new Error('hunter2'), { statusCode: 413 }))).toEqual({
    status: 413,
    body: { error: { key: 'ERRORS.INVALID_REQUEST_BODY' } },
  });
  expect(toAnswer(new Error('ECONNREFUSED hunter2'))).toMatchObject({
    status: 503,
    body: { message: 'Redis does not answer' },
  });
  // A fault of our own is for the log.
  const log = vi.spyOn(Logger.prototype, 'error').mockReturnValue();
  onTestFinished(() => log.mockRestore());
  const fault = new TypeError('x is no function of password=hunter2');
  expect(toAnswer(fault)).toEqual({
    status: 500,
    body: { error: { key: 'ERRORS.INTERNAL_SERVER_ERROR' } },
  });
  expect(log.mock.calls).toEqual([['x is no function of password=[redacted]', fault.stack]]);
});

describe('an allowance of bytes', () => {
  it('shows what fits, cuts what does not, and says how much there is', () => {
    const allowance = new ByteAllowance(10);
    expect(allowance.text('12345')).toBe('12345');
    expect(allowance.left).toBe(5);
    expect(allowance.text('12345678')).toBe('12345 ... truncated, 8 bytes in all');
    expect(allowance.text('x')).toBe('... truncated, 1 bytes in all');
    expect(allowance.left).toBe(0);
  });

  it('says of a beginning that it is one, also where it fits', () => {
    expect(new ByteAllowance(10).text('12345', 900)).toBe('12345 ... truncated, 900 bytes in all');
    expect(new ByteAllowance(10).json([1], 900)).toBe('[1] ... truncated, 900 bytes in all');
    expect(new ByteAllowance(10).json([1])).toEqual([1]);
    expect(new ByteAllowance(3).json([1, 2])).toBe('[1, ... truncated, 5 bytes in all');
  });
});
