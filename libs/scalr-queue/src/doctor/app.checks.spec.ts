import type { AppSnapshot } from '../inspection/app.state.js';
import type { WorkerInfo } from '../contract/worker-info.js';
import type { StoredSchedule } from '../scheduling/schedule.store.js';
import { queueOf, type QueueInfo } from '../../../../test/support/queue-info.js';
import { workerOf as anyWorker } from '../../../../test/support/worker-info.js';
import { checkApp, checkLost, checkSchedules } from './app.checks.js';

const MINUTE = 60_000;

const workerOf = (rest: Partial<WorkerInfo> = {}) =>
  anyWorker({ queues: ['mail'], jobs: ['mail.send'], seenAt: new Date('2026-05-01T10:00:00Z'), ...rest });

const problems = (
  queue: Partial<QueueInfo>,
  workers = [workerOf()],
  unhandled: AppSnapshot['unhandled'] = [],
) => checkApp({ queues: [queueOf(queue)], workers, unhandled }).map(({ problem }) => problem);

describe('an app', () => {
  it('is well while its workers keep up', () => {
    const busy = { waiting: 5, delayed: 3, dead: 9, running: 2, oldestPendingAgeMs: 10 * MINUTE };
    expect(problems(busy)).toEqual([]);
    expect(problems({ dead: 9 }, [])).toEqual([]);
  });

  it.each([{ waiting: 2 }, { delayed: 2 }, { waiting: 1, delayed: 1 }])(
    'needs a worker for a queue with jobs: %o',
    (jobs) => {
      const said = 'No live worker takes jobs from the queue mail, which holds 2';
      expect(problems(jobs, [])).toEqual([said]);
      expect(problems(jobs, [workerOf({ queues: ['other'] })])).toEqual([said]);
      // It shuts down, and takes nothing any more.
      expect(problems(jobs, [workerOf({ draining: true })])).toEqual([said]);
    },
  );

  it('is told when a worker that could take the jobs is set to leave them alone', () => {
    const queues = [queueOf({ waiting: 1 })];
    const cure = (workers: WorkerInfo[]) => checkApp({ queues, workers, unhandled: [] })[0]!.cure;
    expect(cure([workerOf({ queues: [], unselectedQueues: ['mail'] })])).toContain('SCALR_WORKER_QUEUES');
    expect(cure([workerOf({ queues: [], unselectedQueues: ['other'] })])).toContain('Start a worker');
  });

  it('is told of queues that are paused, and of jobs that wait for more than ten minutes', () => {
    expect(problems({ paused: true })).toEqual(['The queue mail is paused']);
    expect(problems({ oldestPendingAgeMs: 10 * MINUTE + 1 })).toEqual([
      'The oldest job of the queue mail has been waiting for 10 minutes',
    ]);
    expect(problems({ oldestPendingAgeMs: 90 * MINUTE })[0]).toContain('for 90 minutes');
  });

  it('is told of jobs that no worker handles, and of two programs under its name', () => {
    expect(problems({ waiting: 1 }, [workerOf()], [{ name: 'old', queue: 'mail' }])).toEqual([
      'No live worker handles old; none has announced a handler for it yet. It is next in the queue mail',
    ]);
    const program = (name: string) =>
      workerOf({ id: name, program: name, folder: `/${name}`, main: 'main.js' });
    expect(problems({}, [program('billing'), program('crm')])).toEqual([
      expect.stringMatching(/^Two programs use the name of this app: .*billing.*, and .*crm/),
    ]);
    expect(problems({}, [program('billing'), program('billing')])).toEqual([]);
  });
});

describe('workers that died', () => {
  it('are counted, the last of them with what it ran', () => {
    expect(checkLost([])).toEqual([]);
    const last = workerOf({ runningJobs: [{ id: 'j1', queue: 'mail' }] });
    expect(checkLost([last])).toMatchObject([
      {
        severity: 'warning',
        problem:
          'A worker died without shutting down within a day; the last, process 7 on vm-1, at 2026-05-01T10:00:00.000Z while it ran j1 of mail',
      },
    ]);
    const many = ['a', 'b', 'c', 'd'].map((id) => ({ id, queue: 'q' }));
    const said = ([first]: ReturnType<typeof checkLost>) => first!.problem;
    expect(said(checkLost([workerOf({ runningJobs: many }), last]))).toMatch(
      /^2 workers .* while it ran a of q, b of q, c of q and others$/,
    );
    expect(said(checkLost([workerOf({ runningJobs: many.slice(1) })]))).toMatch(/b of q, c of q, d of q$/);
    expect(said(checkLost([workerOf()]))).toMatch(/ with no job$/);
  });
});

describe('schedules', () => {
  const now = Date.parse('2026-05-01T12:00:00Z');
  const at = (ms: number) => new Date(ms).toISOString();
  const scheduleOf = (rest: Partial<StoredSchedule>) =>
    ({
      spec: { name: 'nightly', queue: 'mail' },
      timetable: { next: (after: number) => after + MINUTE },
      paused: false,
      ...rest,
    }) as StoredSchedule;
  const said = (rest: Partial<StoredSchedule>) =>
    checkSchedules([scheduleOf(rest)], now).map(({ problem }) => problem);

  it('are well before their slot, for a moment after it, and while they are paused', () => {
    expect(said({ lastSlot: now + MINUTE })).toEqual([]);
    expect(said({ lastSlot: now - 2_000 })).toEqual([]);
    expect(said({ lastSlot: now - MINUTE, paused: true })).toEqual([]);
    expect(said({})).toEqual([]);
  });

  it('are late when nobody starts their slot, or enqueues the next one', () => {
    const late = (due: number) => `The schedule nightly was due at ${at(due)} and has not run since`;
    expect(said({ lastSlot: now - 2_001 })).toEqual([late(now - 2_001)]);
    expect(said({ lastSlot: now - 5 * MINUTE, covered: now - 5 * MINUTE })).toEqual([late(now - 4 * MINUTE)]);
    expect(said({ lastSlot: now - 10_000, covered: now - 10_000 })).toEqual([]);
  });

  it('have missed a slot until they succeed again', () => {
    const missed = { lastSlot: now + MINUTE, lastMissedAt: now - MINUTE };
    const told = `The schedule nightly missed its slot at ${at(now - MINUTE)} and has not succeeded since`;
    expect(said(missed)).toEqual([told]);
    expect(said({ ...missed, lastSuccessAt: now - 2 * MINUTE })).toEqual([told]);
    expect(said({ ...missed, lastSuccessAt: now - MINUTE })).toEqual([]);
  });
});

it('says of each problem what to do about it', () => {
  const cures = (...args: Parameters<typeof checkApp>) => checkApp(...args).map(({ cure }) => cure);
  const queue = queueOf({ waiting: 1, paused: true, oldestPendingAgeMs: 11 * MINUTE });
  const program = (name: string) =>
    workerOf({ id: name, program: name, queues: [], unselectedQueues: ['mail'] });
  const unhandled = [{ name: 'old', queue: 'mail' }];
  expect(cures({ queues: [queue], workers: [program('billing'), program('crm')], unhandled })).toEqual([
    "Give one of them another SCALR_APP: they take each other's jobs",
    'A live worker has its handlers but is set to leave it alone: add mail to SCALR_WORKER_QUEUES',
    'scalr-queue resume mail',
    'Add workers or concurrency, or see what holds them up: scalr-queue explain <id>',
    'Deploy a worker that has its handler, or delete the jobs',
  ]);
  expect(cures({ queues: [queueOf({ delayed: 1 })], workers: [], unhandled: [] })).toEqual([
    'Start a worker with the handlers of mail: no live worker has one',
  ]);
  expect(checkLost([workerOf()])[0]!.cure).toBe(
    'See what killed it: memory limit, SIGKILL, a crash. All of them: scalr-queue workers --lost',
  );
  const schedule = {
    spec: { name: 'nightly', queue: 'mail' },
    timetable: { next: (after: number) => after + MINUTE },
    paused: false,
    lastSlot: 1,
    lastMissedAt: 1,
  } as StoredSchedule;
  const found = checkSchedules([schedule]);
  expect(found.map(({ severity, cure }) => [severity, cure])).toEqual([
    ['warning', 'See that a worker runs, and that the queue mail keeps up'],
    [
      'warning',
      "Run it now: scalr-queue schedules run-now nightly; with missed: 'once' it would run late by itself",
    ],
  ]);
});
