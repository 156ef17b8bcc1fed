import { resolveOptions } from '../../../config/resolved-options.js';
import type { StoredJob } from '../../stored-job.js';
import type { LockState } from './job.locks.js';
import { LockRenewals } from './lock.renewals.js';

const LOCK = 30_000;

let now = 0;
beforeEach(() => {
  now = 1_000;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => void vi.restoreAllMocks());

/** The locks of two runs, of which the test says what became. */
function renewing() {
  const clock = { now: () => 5_000 + now };
  const options = { app: 'shop', redis: 'redis://none.invalid', worker: { lockDuration: LOCK } };
  const app = { ...resolveOptions(options, {}), clock };
  const states = new Map<string, LockState>();
  const log = { locksRenewed: vi.fn<() => void>(), locksRefused: vi.fn<(error: Error) => void>() };
  const connections: { log: typeof log; lostAt?: number } = { log };
  let isResponsive = true;
  const renewals = new LockRenewals(
    {
      app,
      connections,
      locks: {
        reclaim: async ({ id = '' }: StoredJob) => states.get(id) ?? 'gone',
        isGivenUp: () => false,
        comesBack: ({ id = '' }: StoredJob) => id === 'a',
      },
    } as never,
    { turnedSince: () => isResponsive },
  );
  const jobs = new Map(['a', 'b'].map((id) => [id, { id, processedOn: clock.now() } as StoredJob]));
  /** Redis says after so many milliseconds whose locks are gone. */
  const renew = (gone: string[], ms = 1) =>
    renewals.renew(
      [...jobs.keys(), 'ended'],
      (id) => jobs.get(id),
      async () => {
        now += ms;
        return gone;
      },
    );
  const fail = (error: Error) =>
    renewals.renew(
      [...jobs.keys()],
      (id) => jobs.get(id),
      async () => {
        throw error;
      },
    );
  const causes = () => [...jobs.values()].map((job) => renewals.causeOf(job));
  const block = () => (isResponsive = false);
  return { renewals, connections, clock, log, states, jobs, renew, fail, causes, block };
}

describe('locks that are gone', () => {
  it('are lost only where they cannot be taken again', async () => {
    const { renew, states, log } = renewing();
    expect(await renew([])).toEqual([]);
    states.set('a', 'held').set('b', 'taken');
    expect(await renew(['a', 'b'])).toEqual(['b']);
    states.set('b', 'gone');
    // One whose run has ended meanwhile is nobody's.
    expect(await renew(['b', 'ended'])).toEqual(['b']);
    expect(log.locksRenewed).toHaveBeenCalledTimes(3);
  });

  it('were renewed late, unless the answer of Redis took half their life', async () => {
    const { renew, causes } = renewing();
    await renew(['b'], LOCK / 2 - 1);
    expect(causes()).toEqual(['late', 'late']);
    await renew(['b'], LOCK / 2);
    expect(causes()).toEqual(['late', 'unanswered']);
    await renew([]);
    expect(causes()).toEqual(['late', 'late']);
  });

  it('were renewed late by a process that was blocked, however long the answer took', async () => {
    const { renew, causes, block } = renewing();
    block();
    await renew(['b'], LOCK);
    expect(causes()).toEqual(['late', 'late']);
  });

  it('are not known of while Redis refuses, which is the cause until they are renewed', async () => {
    const { renewals, jobs, fail, renew, causes, log } = renewing();
    const refusal = new Error('OOM command not allowed when used memory > maxmemory');
    expect(await fail(refusal)).toEqual([]);
    expect(log.locksRefused).toHaveBeenCalledExactlyOnceWith(refusal);
    expect(log.locksRenewed).not.toHaveBeenCalled();
    expect(causes()).toEqual(['refused', 'refused']);
    // The first trouble is why.
    await renew(['b'], LOCK);
    expect(causes()).toEqual(['late', 'refused']);
    renewals.refused(undefined);
    renewals.refused(jobs.get('a'));
    expect(causes()).toEqual(['refused', 'refused']);
  });

  it('are not known of either when the question failed, which is told', async () => {
    const { fail, causes } = renewing();
    await expect(fail(new Error('Connection is closed.'))).rejects.toThrow('Connection is closed.');
    expect(causes()).toEqual(['late', 'late']);
  });

  it('were lost with the connection, when that broke after the last renewal', async () => {
    const { renew, causes, connections, clock, jobs } = renewing();
    connections.lostAt = jobs.get('a')!.processedOn! - 1;
    expect(causes()).toEqual(['late', 'late']);
    connections.lostAt += 1;
    expect(causes()).toEqual(['disconnected', 'disconnected']);
    now += 10;
    await renew(['b']);
    expect(causes()).toEqual(['late', 'disconnected']);
    connections.lostAt = clock.now();
    expect(causes()).toEqual(['disconnected', 'disconnected']);
  });
});
