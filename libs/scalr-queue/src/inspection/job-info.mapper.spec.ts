import { formatFailure } from '../engine/failure.js';
import type { FoundJob } from '../engine/found-job.js';
import { endedWithoutRun } from '../engine/slot-end.js';
import { DATA_MISSING } from '../engine/stored-fault.js';
import { toJobDetails } from './job-details.mapper.js';
import { endOf, resultOf } from './job.end.js';
import { toJobInfo } from './job-info.mapper.js';

const job = {
  id: 'send~1',
  name: 'send',
  queueName: 'mail',
  data: { to: 'ada' },
  opts: { attempts: 3 },
  timestamp: 1_000,
  attemptsMade: 1,
  attemptsStarted: 1,
  progress: 0,
};
const found = (state: string, rest: object = {}, more: object = {}) =>
  ({ job: { ...job, ...rest }, state, ...more }) as unknown as FoundJob;
const base = { id: '1', name: 'send', queue: 'mail', maxAttempts: 3, enqueuedAt: new Date(1_000) };
const failed = (kind: 'attempts' | 'expired' | 'cancelled' | 'retrying') =>
  formatFailure(kind, { name: 'TypeError', message: 'no', code: 'E_NO' });
const error = { name: 'TypeError', message: 'no', code: 'E_NO' };

describe('a stored job', () => {
  it.each([
    ['wait', 'waiting', 1],
    ['prioritized', 'waiting', 1],
    ['waiting-children', 'waiting', 1],
    ['delayed', 'delayed', 1],
    ['active', 'running', 2],
  ])('in the state %s is %s, in its attempt %s', (stored, state, attempt) => {
    expect(toJobInfo(found(stored, { returnvalue: 7 }))).toEqual({ ...base, state, attempt });
  });

  it('tells its times, and its progress where it told any', () => {
    const times = { processedOn: 2_000, finishedOn: 3_000, returnvalue: { ok: 1 } };
    expect(toJobInfo(found('completed', { ...times, progress: { step: 2 } }, { runAt: 1_500 }))).toEqual({
      ...base,
      state: 'completed',
      attempt: 1,
      result: { ok: 1 },
      progress: { step: 2 },
      runAt: new Date(1_500),
      startedAt: new Date(2_000),
      finishedAt: new Date(3_000),
    });
    expect(toJobInfo(found('active', { progress: 50 }))).toMatchObject({ progress: 50 });
    for (const progress of [0, null, 'half', undefined])
      expect(toJobInfo(found('active', { progress }))).not.toHaveProperty('progress');
    expect(toJobInfo(found('active', {}, { runAt: 0 }))).toMatchObject({ runAt: new Date(0) });
  });

  it('that completed tells its result, or that its slot did not run, and no error of before', () => {
    const of = (returnvalue: unknown) =>
      toJobInfo(found('completed', { returnvalue, failedReason: failed('retrying') }));
    const info = { ...base, state: 'completed', attempt: 1 };
    expect(of(null)).toEqual({ ...info, result: undefined });
    expect(of(0)).toEqual({ ...info, result: 0 });
    expect(of(endedWithoutRun('missed'))).toEqual({ ...info, outcome: 'missed' });
    for (const end of ['covered', 'paused', 'removed', 'changed'] as const)
      expect(of(endedWithoutRun(end))).toEqual({ ...info, outcome: 'skipped' });
  });

  it('tells its last error, and when it is dead why', () => {
    expect(toJobInfo(found('delayed', { failedReason: failed('retrying') }))).toEqual({
      ...base,
      state: 'delayed',
      attempt: 1,
      error,
    });
    expect(toJobInfo(found('failed', { failedReason: failed('attempts') }))).toEqual({
      ...base,
      state: 'dead',
      attempt: 1,
      reason: 'attempts',
      error,
    });
    expect(toJobInfo(found('failed', { failedReason: failed('retrying') }))).not.toHaveProperty('reason');
    expect(toJobInfo(found('failed', { failedReason: 'given up by others' }))).toMatchObject({
      reason: 'unrecoverable',
    });
    const last = { failedReason: 'given up by others', attemptsMade: 3 };
    expect(toJobInfo(found('failed', last))).toMatchObject({ reason: 'attempts', attempt: 3 });
  });

  it.each(['expired', 'invalid-payload', 'unknown-job'] as const)(
    'that is dead without a run counts no attempt for it: %s',
    (kind) => {
      const failedReason = formatFailure(kind, error);
      const attemptOf = (state: string, attemptsMade: number) =>
        toJobInfo(found(state, { failedReason, attemptsMade })).attempt;
      expect([attemptOf('failed', 1), attemptOf('failed', 0), attemptOf('failed', 3)]).toEqual([0, 0, 2]);
      expect(attemptOf('delayed', 1)).toBe(1);
    },
  );

  it('of which a part is missing says what is', () => {
    expect(toJobInfo(found('wait', { opts: {} }, { fault: DATA_MISSING }))).toEqual({
      ...base,
      state: 'waiting',
      attempt: 1,
      maxAttempts: 1,
      error: { name: 'JobDataMissingError', message: DATA_MISSING.message, code: 'JOB_DATA_MISSING' },
    });
    expect(toJobInfo(found('wait', { id: undefined, opts: { attempts: 0 } }))).toMatchObject({
      id: '',
      maxAttempts: 1,
    });
  });
});

describe('the details of a job', () => {
  it('are its payload, its failures and its log, and what was said when it was enqueued', () => {
    const stacktrace = ['2026-05-01T10:00:00.000Z attempt 2\nTypeError: no\n    at x', 'of somebody else'];
    const opts = { attempts: 3, scalr: { expiresAt: 5_000, scheduledFor: 4_000 } };
    expect(toJobDetails(found('wait', { opts, priority: 7, stacktrace }), ['a line'])).toEqual({
      ...base,
      state: 'waiting',
      attempt: 1,
      payload: { to: 'ada' },
      priority: 7,
      logs: ['a line'],
      failures: [{ at: new Date('2026-05-01T10:00:00Z'), attempt: 2, stack: 'TypeError: no\n    at x' }],
      expiresAt: new Date(5_000),
      scheduledFor: new Date(4_000),
    });
    expect(toJobDetails(found('wait', { opts: { scalr: { void: true } } }), [])).toEqual({
      ...base,
      maxAttempts: 1,
      state: 'waiting',
      attempt: 1,
      payload: undefined,
      priority: 0,
      logs: [],
      failures: [],
    });
  });
});

describe('the end of a job', () => {
  const info = { ...base, attempt: 1 } as const;

  it('is its result, or an error that says why there is none', () => {
    expect(endOf({ ...info, state: 'completed', result: 7 })).toEqual({ result: 7 });
    for (const state of ['waiting', 'delayed', 'running'] as const)
      expect(endOf({ ...info, state, result: 7 })).toBeUndefined();
    const dead = { ...info, state: 'dead' } as const;
    expect(() => endOf({ ...dead, reason: 'discarded', error })).toThrow(
      expect.objectContaining({
        code: 'JOB_FAILED',
        reason: 'discarded',
        message: expect.stringMatching(/no$/),
      }),
    );
    expect(() => endOf(dead)).toThrow(
      expect.objectContaining({
        reason: 'attempts',
        message: expect.stringContaining('no error was recorded'),
      }),
    );
    expect(() => endOf({ ...dead, reason: 'cancelled', error })).toThrow(
      expect.objectContaining({ code: 'JOB_CANCELLED' }),
    );
  });

  it('is the same when it was only heard of', () => {
    expect(resultOf('1', { result: undefined })).toEqual({ result: undefined });
    expect(() => resultOf('1', { failedReason: failed('expired') })).toThrow(
      expect.objectContaining({ code: 'JOB_FAILED', reason: 'expired' }),
    );
    expect(() => resultOf('1', { failedReason: failed('cancelled') })).toThrow(
      expect.objectContaining({ code: 'JOB_CANCELLED' }),
    );
  });
});
