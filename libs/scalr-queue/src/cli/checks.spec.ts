import type { QueueInfo } from '../contract/queue-info.js';
import { checksOf } from './checks.js';

const queue = (name: string, rest: Partial<QueueInfo> = {}): QueueInfo => ({
  name,
  waiting: 0,
  delayed: 0,
  running: 0,
  dead: 0,
  paused: false,
  oldestPendingAgeMs: 0,
  workers: 0,
  ...rest,
});
const mail = queue('mail', { workers: 1 });
const failing = (...args: Parameters<typeof checksOf>) =>
  checksOf(...args)
    .filter(({ ok }) => !ok)
    .map(({ name }) => name);

it('lets a queue pass that has no worker and no work, such as one that the code has no more', () => {
  const retired = queue('pdf', { dead: 3, delayed: 2 });
  expect(checksOf([mail, retired], {})).toEqual([
    { name: 'queue mail', ok: true, message: '1 live worker, nothing waits' },
    { name: 'queue pdf', ok: true, message: 'no live worker, and no work for one' },
  ]);
  expect(failing([mail, retired], { queue: ['pdf'] })).toEqual(['queue pdf']);
});

it.each([
  ['waits', { waiting: 1 }],
  ['is due', { delayed: 1, oldestPendingAgeMs: 1 }],
  ['was left by its worker', { running: 1 }],
])('demands a worker for a queue with a job that %s', (_what, state) => {
  expect(failing([mail, queue('pdf', state)], {})).toEqual(['queue pdf']);
});

it('fails when no worker lives at all, or nothing is known of the app', () => {
  expect(failing([queue('mail'), queue('pdf')], {})).toEqual(['workers']);
  expect(failing([], {})).toEqual(['queues']);
});

it('looks at the queues that are named only, and knows when there is none', () => {
  const old = queue('pdf', { waiting: 1 });
  expect(failing([mail, old], { queue: ['mail'] })).toEqual([]);
  expect(checksOf([mail], { queue: ['mial'] })).toEqual([
    { name: 'queue mial', ok: false, message: 'the app has no such queue' },
  ]);
});

it('fails when a job waits longer than it may, and says whether the queue is paused', () => {
  const late = queue('mail', { workers: 2, waiting: 1, oldestPendingAgeMs: 61_000, paused: true });
  expect(checksOf([late], { maxAge: 60_000 })).toMatchObject([
    { ok: false, message: expect.stringMatching(/^its oldest job waits for .*, limit .*, paused$/) },
  ]);
  expect(failing([late], { maxAge: 62_000 })).toEqual([]);
});

it('tells of every queue how many workers it has, and for how long its oldest job waits', () => {
  const two = queue('mail', { workers: 2, waiting: 1, oldestPendingAgeMs: 61_000 });
  const paused = queue('pdf', { workers: 1, paused: true });
  expect(checksOf([two, paused], { maxAge: 61_000 })).toEqual([
    { name: 'queue mail', ok: true, message: '2 live workers, oldest job waits for 1m 1s' },
    { name: 'queue pdf', ok: true, message: '1 live worker, nothing waits, paused' },
  ]);
  expect(checksOf([queue('mail', { workers: 1, oldestPendingAgeMs: 1 })], {})).toMatchObject([
    { message: '1 live worker, oldest job waits for 1ms' },
  ]);
  expect(checksOf([two], { maxAge: 60_999 })).toEqual([
    { name: 'queue mail', ok: false, message: 'its oldest job waits for 1m 1s, limit 1m' },
  ]);
});

it('says of what fails why it does', () => {
  expect(checksOf([], {})).toEqual([
    { name: 'queues', ok: false, message: 'no live worker, and nothing was ever enqueued' },
  ]);
  expect(checksOf([queue('mail'), queue('pdf', { waiting: 1 })], {})).toEqual([
    { name: 'workers', ok: false, message: 'none is live' },
    { name: 'queue mail', ok: true, message: 'no live worker, and no work for one' },
    { name: 'queue pdf', ok: false, message: 'no live worker' },
  ]);
  // One that was named is not judged by whether others live.
  expect(checksOf([queue('mail')], { queue: ['mail'] })).toEqual([
    { name: 'queue mail', ok: false, message: 'no live worker' },
  ]);
});
