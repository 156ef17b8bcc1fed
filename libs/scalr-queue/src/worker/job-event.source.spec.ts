import { resolveOptions } from '../config/resolved-options.js';
import { AttemptFailure } from '../engine/attempt-failure.js';
import { endedWithoutRun } from '../engine/slot-end.js';
import type { StoredJob } from '../engine/stored-job.js';
import { JobEvents } from '../observability/job-event.stream.js';
import type { Tracing } from '../tracing/tracing.js';
import { JobEventSource } from './job-event.source.js';

const NAMES = [
  'started', 'completed', 'retrying', 'dead', 'cancelled', 'postponed', 'handed-back', 'stalled', 'lock-lost', 'data-missing', 'missed', 'skipped',
] as const; // prettier-ignore

/** What is told, with the trace that the jobs are in. */
function start(traceId?: string) {
  const events = new JobEvents();
  const told: unknown[] = [];
  for (const name of NAMES) events.on(name, (event) => void told.push([name, event]));
  const tracing = { traceId: () => traceId } as unknown as Tracing;
  const app = resolveOptions({ app: 'billing', redis: 'redis://none.invalid' }, {});
  return { source: new JobEventSource(events, tracing, app), told };
}

const jobOf = (more: object = {}): StoredJob => {
  const job: Partial<StoredJob> = {
    id: 'mail~7',
    name: 'mail',
    queueName: 'post',
    opts: { attempts: 3 },
    timestamp: 1_000,
    delay: 0,
    attemptsMade: 0,
    attemptsStarted: 1,
    processedOn: 1_500,
  };
  return { ...job, ...more } as StoredJob;
};
const named = { id: '7', name: 'mail', queue: 'post' };
const first = { ...named, attempt: 1, maxAttempts: 3, waitMs: 500 };

describe('what is reported of a job', () => {
  it('is its start, with how long it waited before its first one', () => {
    const { source, told } = start();
    source.started(jobOf());
    source.started(jobOf({ opts: { attempts: 3, delay: 400 } }));
    source.started(jobOf({ attemptsMade: 1, attemptsStarted: 2 }));
    source.started(jobOf({ attemptsStarted: 2 }));
    expect(told).toStrictEqual([
      ['started', first],
      ['started', { ...first, waitMs: 100 }],
      ['started', { ...named, attempt: 2, maxAttempts: 3 }],
      ['started', { ...named, attempt: 1, maxAttempts: 3 }],
    ]);
  });

  it('is the trace that it is in, where it is in one', () => {
    const { source, told } = start('4bf92f');
    source.started(jobOf());
    source.released(jobOf());
    expect(told).toStrictEqual([
      ['started', { ...first, traceId: '4bf92f' }],
      ['handed-back', { ...named, traceId: '4bf92f' }],
    ]);
  });

  it('is its end, with how long it ran', () => {
    const { source, told } = start();
    source.completed(jobOf({ attemptsMade: 1, finishedOn: 1_750, returnvalue: 'done' }));
    source.postponed(jobOf({ finishedOn: 1_600 }));
    expect(told).toStrictEqual([
      ['completed', { ...first, runMs: 250 }],
      ['postponed', { ...first, runMs: 100 }],
    ]);
  });

  it('is its failure: retried with its delay, dead with the reason, or cancelled', () => {
    const { source, told } = start();
    const at = { attemptsMade: 1, finishedOn: 1_750 };
    const error = Object.assign(new RangeError('no postgres://me:secret@db'), { code: 'E_DB' });
    source.failed(jobOf({ attemptsMade: 1, delay: 4_000, finishedOn: undefined }), error);
    source.failed(jobOf(at), new AttemptFailure('discarded', error, 1, 1_750));
    source.failed(jobOf(at), new AttemptFailure('cancelled', new Error('job 7 was cancelled'), 1, 1_750));
    expect(told).toMatchObject([
      ['retrying', { ...named, attempt: 1, delayMs: 4_000, error: { name: 'RangeError', code: 'E_DB' } }],
      ['dead', { ...first, runMs: 250, reason: 'discarded', error: { name: 'RangeError', code: 'E_DB' } }],
      ['cancelled', { ...named, was: 'running' }],
    ]);
    expect(JSON.stringify(told)).not.toContain('secret');
  });

  it('is never decided by the text of an error that others threw', () => {
    const { source, told } = start();
    const alike = new Error('cancelled Error: by the customer');
    source.failed(jobOf({ attemptsMade: 3, finishedOn: 1_750 }), alike);
    source.failed(jobOf({ attemptsMade: 1, finishedOn: 1_750 }), alike);
    source.failed(jobOf({ attemptsMade: 1, finishedOn: undefined }), new Error('retrying E: x'));
    expect(told).toMatchObject([
      ['dead', { reason: 'attempts', error: { name: 'Error', message: alike.message } }],
      ['dead', { reason: 'unrecoverable', error: { name: 'Error', message: alike.message } }],
      ['retrying', { error: { name: 'Error', message: 'retrying E: x' } }],
    ]);
  });

  it('is that of a job that was not run, which stands with the job', () => {
    const { source, told } = start();
    for (const deferredFailure of [
      'cancelled JobCancelledError: no more',
      'job stalled more than allowable limit',
    ])
      source.failed(
        jobOf({ attemptsMade: 1, finishedOn: 1_750, deferredFailure }),
        new Error(deferredFailure),
      );
    expect(told).toMatchObject([
      ['cancelled', named],
      ['dead', { reason: 'crashed', error: { name: 'WorkerCrashed' } }],
    ]);
  });

  it('is of a slot that did not run which one, and why', () => {
    const { source, told } = start();
    const opts = { scalr: { slot: { schedule: 'nightly' }, scheduledFor: 900 } };
    for (const end of ['missed', 'covered', 'paused', 'removed', 'changed'] as const)
      source.completed(jobOf({ opts, returnvalue: structuredClone(endedWithoutRun(end)) }));
    source.completed(jobOf({ opts, attemptsMade: 1, returnvalue: { missed: true } }));
    const slot = { ...named, schedule: 'nightly', slot: new Date(900) };
    expect(told.slice(0, 5)).toStrictEqual([
      ['missed', slot],
      ...['covered', 'paused', 'removed', 'changed'].map((reason) => ['skipped', { ...slot, reason }]),
    ]);
    expect(told[5]).toMatchObject(['completed', named]);
  });

  it('is once for a run that its lock is lost, and why', () => {
    const { source, told } = start();
    const [job, other] = [jobOf(), jobOf({ id: 'mail~8' })];
    for (let times = 0; times < 3; times++) source.lockLost(job, 'disconnected');
    source.lockLost(other, 'refused');
    expect(told).toStrictEqual([
      ['lock-lost', { ...named, cause: 'disconnected', connectionLost: true }],
      ['lock-lost', { ...named, id: '8', cause: 'refused', connectionLost: false }],
    ]);
  });

  it('is what its id says, where nothing else is known', () => {
    const { source, told } = start();
    source.stalled('post', 'mail~7');
    source.stalled('post', '12');
    source.dataMissing(jobOf({ name: 'other' }));
    expect(told).toStrictEqual([
      ['stalled', named],
      ['stalled', { id: '12', name: 'unknown', queue: 'post' }],
      ['data-missing', named],
    ]);
  });
});
