import type { EnqueuedJob } from '../contract/enqueue-options.js';
import type { PreparedJob } from '../engine/prepared-job.js';
import type { QueueEngine } from '../engine/queue.engine.js';
import { InFlightLimit } from './in-flight.limit.js';
import { LoneCalls } from './lone.calls.js';

const never = () => new Promise<never>(() => undefined);
const JOB = { id: 'one', name: 'note', queue: 'default' } as PreparedJob;
const MOST = 2_000;

const failureOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => expect.fail('enqueued'),
    (error: Error) => error.message,
  );

/** Calls to an engine that answers so; its errors tell which question they answer. */
function callsTo(
  intake: Partial<QueueEngine['intake']>,
  formerQueues: QueueEngine['types']['formerQueues'] = () => [],
) {
  const added: string[] = [];
  const engine = {
    intake: {
      admit: () => undefined,
      ...intake,
      add: (job: PreparedJob) => {
        added.push(job.id);
        return intake.add?.(job) ?? Promise.resolve();
      },
    },
    types: { formerQueues },
    enqueueError: async (failure: Error) => new Error(`unknown: ${failure.message}`),
    readError: async (failure: Error) => new Error(`not sent: ${failure.message}`),
  } as unknown as QueueEngine;
  const limit = new InFlightLimit();
  const noted: EnqueuedJob[] = [];
  const calls = new LoneCalls(engine, limit, (_job, enqueued) => void noted.push(enqueued));
  /** How many could start now. */
  const places = () => {
    let free = 0;
    while (limit.take()) free++;
    for (let place = 0; place < free; place++) limit.leave();
    return free;
  };
  return { calls, added, noted, places };
}

describe('a call of one job', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  it('is told of when the job is there, and gives its place back', async () => {
    const { calls, noted, places } = callsTo({});
    const call = calls.start(JOB);
    expect(places()).toBe(MOST - 1);
    const outcome = { id: 'one', name: 'note', queue: 'default', status: 'created' };
    expect(await call).toEqual(outcome);
    expect(noted).toEqual([outcome]);
    expect(places()).toBe(MOST);
  });

  it.each<[string, (found: string[]) => string[] | Promise<string[]>]>([
    ['known', (found) => found],
    ['read first', (found) => Promise.resolve(found)],
  ])('tells what became of a contested job, whose former queues are %s', async (_how, give) => {
    const asked: unknown[] = [];
    const contested = { ...JOB, contested: true };
    const { calls, added, noted } = callsTo(
      {
        addContested: async (job, former) => {
          asked.push(job, former);
          return { status: 'duplicate', storedId: 'note~held', former: 'old' };
        },
      },
      () => give(['old', 'older']),
    );
    const outcome = { id: 'held', name: 'note', queue: 'old', status: 'duplicate' };
    expect(await calls.start(contested)).toEqual(outcome);
    expect(asked).toEqual([contested, ['old', 'older']]);
    expect(added).toEqual([]);
    expect(noted).toEqual([outcome]);
  });

  it('of a contested job is not sent when the look for its former queues fails', async () => {
    const { calls, places } = callsTo({ addContested: never }, () => Promise.reject(new Error('closed')));
    await expect(calls.start({ ...JOB, contested: true })).rejects.toThrow('not sent: closed');
    expect(places()).toBe(MOST);
  });

  it('is of unknown outcome when no answer comes in time, and of that alone, whatever comes later', async () => {
    let answer: () => void;
    const { calls, noted, places } = callsTo({ add: () => new Promise<void>((done) => (answer = done)) });
    const failure = failureOf(calls.start(JOB)!);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await failure).toBe('unknown: no answer in time');
    answer!();
    await vi.advanceTimersByTimeAsync(1);
    expect(noted).toEqual([]);
    expect(places()).toBe(MOST);
  });

  it('is of unknown outcome when what was sent fails', async () => {
    const { calls, places } = callsTo({ add: () => Promise.reject(new Error('closed')) });
    await expect(calls.start(JOB)).rejects.toThrow('unknown: closed');
    expect(places()).toBe(MOST);
  });

  it.each<[string, QueueEngine['intake']['admit']]>([
    ['at once', () => { throw new Error('full'); }],
    ['later', () => Promise.reject(new Error('full'))],
  ])('is not sent when the backlog refuses it %s', async (_when, admit) => {
    const { calls, added, places } = callsTo({ admit });
    await expect(calls.start(JOB)).rejects.toThrow('not sent: full');
    expect(added).toEqual([]);
    expect(places()).toBe(MOST);
  }); // prettier-ignore

  it('is not sent, and never will be, when the look at the backlog takes all its time', async () => {
    let answer: () => void;
    const { calls, added } = callsTo({ admit: () => new Promise<void>((done) => (answer = done)) });
    const failure = failureOf(calls.start(JOB)!);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await failure).toBe('not sent: no answer in time');
    answer!();
    await vi.advanceTimersByTimeAsync(1);
    expect(added).toEqual([]);
  });

  it('does not start where all places are taken', () => {
    const { calls, added } = callsTo({ add: never });
    for (let place = 0; place < MOST; place++) expect(calls.start(JOB)).toBeDefined();
    expect(calls.start(JOB)).toBeUndefined();
    expect(added).toHaveLength(MOST);
  });
});
