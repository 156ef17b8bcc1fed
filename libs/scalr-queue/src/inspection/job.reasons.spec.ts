import { workerOf } from '../../../../test/support/worker-info.js';
import { endedWithoutRun, type SlotEnd } from '../engine/slot-end.js';
import type { FoundJob } from '../engine/found-job.js';
import type { DeadReason } from '../contract/job-info.js';
import { formatFailure } from '../engine/failure.js';
import { toJobInfo } from './job-info.mapper.js';
import { type ExplainedJob, reasonsOf } from './job.reasons.js';

const NOW = Date.parse('2026-05-01T10:00:00Z');
const at = (ms: number) => new Date(NOW + ms);
const stored = {
  id: 'send~1',
  name: 'send',
  queueName: 'mail',
  data: {},
  opts: { attempts: 3 },
  timestamp: NOW - 60_000,
  attemptsMade: 0,
  attemptsStarted: 0,
  progress: 0,
};
const worker = workerOf({ queues: ['mail'], jobs: ['send'] });
const queue = {
  name: 'mail',
  waiting: 1,
  delayed: 0,
  running: 2,
  dead: 0,
  paused: false,
  oldestPendingAgeMs: 0,
  nextJobs: [],
};

/** What is said of a job in this state, with what else is known of it. */
function said(state: string, job: object = {}, facts: Partial<ExplainedJob> & { runAt?: number } = {}) {
  const { runAt, ...rest } = facts;
  const given = { job: { ...stored, ...job }, state, ...(runAt === undefined ? {} : { runAt }) };
  const found = given as unknown as FoundJob;
  return reasonsOf({
    found,
    job: toJobInfo(found),
    queue,
    workers: [worker],
    now: NOW,
    rateLimited: 0,
    position: 1,
    ...rest,
  });
}

describe('a job that waits', () => {
  const place = { code: 'position', message: 'it is the next one, 2 running', position: 1 };

  it.each(['wait', 'waiting', 'prioritized', 'paused'])('is told its place in the line (%s)', (state) => {
    expect(said(state)).toEqual([place]);
    expect(said(state, {}, { position: 2 })).toEqual([
      { code: 'position', message: '1 job is ahead of it, 2 running', position: 2 },
    ]);
    expect(said(state, {}, { position: 4, queue: undefined })).toEqual([
      { code: 'position', message: '3 jobs are ahead of it, 0 running', position: 4 },
    ]);
    expect(said(state, {}, { position: undefined })).toEqual([
      { code: 'position', message: 'more than 10,000 jobs are ahead of it, 2 running' },
    ]);
  });

  it('is told what holds its queue up, the decisive reason first', () => {
    const held = { queue: { ...queue, paused: true, running: 1 }, rateLimited: 250, limit: 1, workers: [] };
    expect(said('waiting', { deduplicationId: 'k' }, held)).toEqual([
      {
        code: 'queue-paused',
        message: 'the queue mail is paused: no job of it starts',
        advice: 'Resume the queue mail.',
      },
      {
        code: 'no-live-worker',
        message: 'no live worker takes jobs from the queue mail',
        advice: 'Start a worker: none is live.',
      },
      {
        code: 'rate-limited',
        message: 'the rate limit of the queue mail lets the next job start in 250 ms',
        until: at(250),
      },
      {
        code: 'global-concurrency',
        message: '1 job of the queue mail runs, and the limit is 1',
        limit: 1,
      },
      { code: 'position', message: 'it is the next one, 1 running', position: 1 },
      { code: 'unique', message: 'it is unique: enqueueing another with the same key gives this one' },
    ]);
    expect(said('waiting', {}, { limit: 2 })[0]!.message).toBe(
      '2 jobs of the queue mail run, and the limit is 2',
    );
    expect(said('waiting', {}, { limit: 3 })).toEqual([place]);
    expect(said('waiting', {}, { limit: 2, queue: undefined })).toHaveLength(1);
  });

  it('is told who takes no job like it', () => {
    const takers = (workers: ExplainedJob['workers'], more: Partial<ExplainedJob> = {}) => {
      const [first] = said('waiting', {}, { workers, ...more });
      return [first!.code, first!.message, first!.advice];
    };
    const deploy = 'Deploy a worker whose module has a @ProcessJob for send.';
    const other = workerOf({ queues: ['mail'], jobs: ['other'] });
    expect(takers([other])).toEqual(['no-handler', 'no live worker handles send', deploy]);
    expect(takers([workerOf({ queues: ['fax'] })])).toEqual([
      'no-handler',
      'no live worker handles send, nor anything else of the queue mail',
      deploy,
    ]);
    expect(takers([workerOf({ queues: ['fax'], unselectedQueues: ['mail'] })])).toEqual([
      'no-live-worker',
      'no live worker takes jobs from the queue mail',
      'Add mail to SCALR_WORKER_QUEUES: a live worker has handlers for it but is set to leave it alone.',
    ]);
    const lastHandledBy = { worker: 'shop 1.2.0 on vm-1, process 7', seenAt: at(-1_000) };
    const last = ' It was handled last by shop 1.2.0 on vm-1, process 7, until 2026-05-01T09:59:59.000Z.';
    expect(takers([other], { lastHandledBy })[2]).toBe(deploy + last);
    // One that drains takes nothing more.
    expect(takers([{ ...worker, draining: true }], { lastHandledBy })).toEqual([
      'no-live-worker',
      'no live worker takes jobs from the queue mail',
      `Start a worker: none is live.${last}`,
    ]);
    // It takes all that is in the queue.
    expect(takers([{ ...other, catchAllQueues: ['mail'] }])[0]).toBe('position');
  });

  it('is told until when it must start, unless it has', () => {
    const expiresAt = NOW + 1;
    expect(said('waiting', {}, { expiresAt })).toEqual([
      place,
      {
        code: 'expires',
        message: 'it must start before 2026-05-01T10:00:00.001Z, or it is dead',
        until: at(1),
      },
    ]);
    expect(said('waiting', {}, { expiresAt: NOW })[1]).toEqual({
      code: 'expires',
      message: 'it expired at 2026-05-01T10:00:00.000Z: it will be dead, not run, when a worker takes it',
      until: at(0),
    });
    expect(said('waiting', { attemptsStarted: 1 }, { expiresAt })).toEqual([place]);
    expect(said('waiting', { attemptsMade: 1 }, { expiresAt })).toEqual([place]);
  });
});

describe('a delayed job', () => {
  it('is told when it may start, and not its place', () => {
    expect(said('delayed', {}, { runAt: NOW + 5_000, rateLimited: 5, limit: 1 })).toEqual([
      { code: 'delayed', message: 'it is delayed until 2026-05-01T10:00:05.000Z', until: at(5_000) },
    ]);
    expect(said('delayed')).toEqual([]);
  });

  it('is told after which failure it is tried again', () => {
    const failedReason = formatFailure('retrying', { name: 'TypeError', message: 'no' });
    expect(said('delayed', { failedReason, attemptsMade: 1 }, { runAt: NOW })).toEqual([
      {
        code: 'retrying',
        message: 'attempt 1 of 3 failed (TypeError: no); the next one is at 2026-05-01T10:00:00.000Z',
        until: at(0),
      },
    ]);
    expect(said('delayed', { failedReason }, { runAt: NOW })[0]!.code).toBe('delayed');
  });

  it('is told that nobody starts it, when it is more than ten seconds late', () => {
    expect(said('delayed', {}, { runAt: NOW - 10_001 })[0]).toEqual({
      code: 'overdue',
      message: 'its time was 2026-05-01T09:59:49.999Z, and no worker has started it',
      until: at(-10_001),
    });
    expect(said('delayed', {}, { runAt: NOW - 10_000 })[0]!.code).toBe('delayed');
  });
});

describe('a job that runs', () => {
  const running = { code: 'running', message: 'it runs on vm-1, process 7, attempt 2 of 3' };
  const runs = (job: { id: string; queue: string }) => ({ workers: [{ ...worker, runningJobs: [job] }] });

  it('is told where, and that it was asked to stop', () => {
    const here = runs({ id: '1', queue: 'mail' });
    expect(said('active', { attemptsMade: 1 }, here)).toEqual([running]);
    expect(said('active', { attemptsMade: 1, deferredFailure: 'cancelled' }, here)).toEqual([
      {
        code: 'cancelling',
        message: 'it was cancelled and is stopping; it is dead as soon as its handler ends',
      },
      running,
    ]);
    for (const other of [
      { id: '2', queue: 'mail' },
      { id: '1', queue: 'fax' },
    ])
      expect(said('active', {}, runs(other))[0]!.message).toBe('it runs, attempt 1 of 3');
    expect(said('active', { deduplicationId: 'k' }).map(({ code }) => code)).toEqual(['running', 'unique']);
  });
});

describe('a job that is over', () => {
  it('is told that it has completed', () => {
    expect(said('completed', { returnvalue: 7, deduplicationId: 'k' })).toEqual([
      { code: 'completed', message: 'it has completed: there is nothing left to run' },
    ]);
  });

  it.each<[DeadReason, RegExp]>([
    ['attempts', /^Fix what made it fail/],
    ['discarded', /^Its handler gave up on purpose/],
    ['expired', /^It came too late/],
    ['invalid-payload', /^Its payload does not fit/],
    ['invalid-result', /^Its handler has done its work/],
    ['unknown-job', /^No worker had a handler/],
    ['crashed', /^Its handler may block the event loop/],
    ['cancelled', /^It was cancelled/],
    ['unrecoverable', /^Its processor gave it up/],
    ['data-missing', /^Its payload is lost/],
    ['unreadable', /^What is stored of it was written by something else/],
    ['effect-unknown', /^A run of it died in the middle of an effect/],
  ])('is told why it is dead and what to do: %s', (reason, advice) => {
    const failedReason = formatFailure(reason, { name: 'TypeError', message: 'no' });
    expect(said('failed', { failedReason, deduplicationId: 'k' })).toEqual([
      {
        code: 'dead',
        message: `it is dead (${reason}): TypeError: no`,
        advice: expect.stringMatching(advice),
      },
    ]);
    expect(said('failed')[0]!.message).toBe('it is dead (attempts)');
  });

  it.each<[SlotEnd, string]>([
    ['covered', 'a later run stood in for it'],
    ['paused', 'the schedule was paused'],
    ['removed', 'the schedule was removed'],
    ['changed', 'the schedule was changed'],
  ])('is told why its slot did not run: %s', (end, why) => {
    const opts = { scalr: { scheduledFor: NOW - 5_000, slot: { schedule: 'nightly' } } };
    expect(said('completed', { opts, returnvalue: endedWithoutRun(end) })).toEqual([
      {
        code: 'skipped',
        message: `the slot 2026-05-01T09:59:55.000Z of the schedule nightly did not run: ${why}`,
      },
    ]);
  });

  it('is told that its slot was missed, by how much, and how to make up for it', () => {
    const returnvalue = endedWithoutRun('missed');
    const opts = { scalr: { scheduledFor: NOW - 5_000, slot: { schedule: 'nightly' } } };
    expect(said('completed', { opts, returnvalue, finishedOn: NOW })).toEqual([
      {
        code: 'missed',
        message:
          'the slot 2026-05-01T09:59:55.000Z of the schedule nightly was missed and did not run, a worker took it 5000 ms late',
        advice: `See why no worker took it in time. Run it now with "scalr-queue schedules run-now nightly", or give the schedule missed: 'once'.`,
      },
    ]);
    expect(said('completed', { returnvalue })[0]!.message).toBe(
      'the slot 2026-05-01T09:59:00.000Z of the schedule send was missed and did not run',
    );
  });
});
