import type { Job } from 'bullmq';
import type { CompletedJob, FinishAnswer, FinishCalls, TakenJob, Wanted } from './finish.calls.js';
import { JobLoop } from './job.loop.js';
import type { LoopWorker } from './loop.worker.js';

// Each look at the clock is a moment later: all of these runs are quick.
let now = 0;
beforeEach(() => void vi.spyOn(performance, 'now').mockImplementation(() => (now += 0.01)));
afterEach(() => void vi.restoreAllMocks());

const settled = () => new Promise(setImmediate);

/** A loop whose calls are answered when the test says so, in their order, out of a queue with so many jobs. */
function startLoop(concurrency: number, jobs: number) {
  let [next, started] = [0, 0];
  const calls: { ended: number; taken: number; answer: () => void }[] = [];
  /** For each job how many calls were under way when it started, and for each call how many jobs had not started. */
  const [besideRun, besideCall]: number[][] = [[], []];
  /** Jobs that have come and whose end no call has brought. */
  const inHand = new Set<string>();
  /** For each call how many of those it neither ends nor notes. */
  const unsaid: number[] = [];
  const send = (_lane: unknown, _now: number, ended: readonly CompletedJob[], wanted: Wanted) => {
    besideCall!.push(next - started);
    for (const { id } of ended) inHand.delete(id);
    unsaid.push([...inHand].filter((id) => !wanted.noted.includes(id)).length);
    const taken: TakenJob[] = [];
    while (taken.length < wanted.slots + wanted.ahead && next < jobs)
      taken.push([taken.length + 1, `a~${next++}`, []]);
    return new Promise<FinishAnswer>((resolve) => {
      const answer = () => {
        for (const [, id] of taken) inHand.add(id);
        resolve([ended.map(() => 0), taken, '', 0]);
      };
      calls.push({ ended: ended.length, taken: taken.length, answer });
    });
  };
  const nothing = () => undefined;
  const never = () => new Promise<never>(nothing);
  let run = (): Promise<unknown> => Promise.resolve();
  const worker: LoopWorker = {
    id: 'w',
    concurrency,
    lockDuration: 30_000,
    isStopped: false,
    isDraining: false,
    make: ([, id], token) => ({ id, token }) as Job,
    run: () => {
      started++;
      besideRun!.push(calls.length);
      return run();
    },
    leaving: nothing,
    ending: ({ id = '', token = '' }) => ({
      id, token, result: 'null', attempts: 1, isKept: true, next: 'apart',
    }), // prettier-ignore
    completed: nothing,
    answered: nothing,
    standBack: nothing,
    runByEngine: never,
    completeAlone: never,
    fail: never,
    putBack: never,
    takeByEngine: never,
    wait: never,
  };
  const loop = new JobLoop(worker, { send } as unknown as FinishCalls);
  void loop.run();
  const answerOne = async () => {
    calls.shift()?.answer();
    await settled();
  };
  const until = async (count: number) => {
    while (besideRun!.length < count) await answerOne();
  };
  const hold = () => (run = never);
  return { calls, besideRun: besideRun!, besideCall: besideCall!, unsaid, answerOne, until, hold };
}

describe('the loop of a worker', () => {
  it.each([1, 10, 50])(
    'lets Redis work on a call while quick jobs run, %i at a time',
    async (concurrency) => {
      const { besideRun, until } = startLoop(concurrency, 2_000);
      await settled();
      await until(1_000);
      expect(besideRun.slice(500, 1_000)).not.toContain(0);
    },
  );

  it('does not wait with a whole call for the jobs of the next one, where both came together', async () => {
    const { calls, besideCall, until } = startLoop(1, 2_000);
    await settled();
    await until(500);
    const { length: before } = besideCall;
    expect(calls).toHaveLength(2);
    for (const { answer } of calls.splice(0)) answer();
    await settled();
    expect(besideCall[before]).toBeGreaterThan(0);
  });

  it('tells Redis of each job in hand that has not run, or whose end is not told, where one runs at a time', async () => {
    const { calls, unsaid, until } = startLoop(1, 2_000);
    await settled();
    await until(500);
    expect(calls).toHaveLength(2);
    // The jobs of one call are over with the next ones there.
    for (const { answer } of calls.splice(0)) answer();
    await until(1_000);
    expect(new Set(unsaid)).toEqual(new Set([0]));
  });

  it('does not ask again and again while its slots are in use and the queue is empty', async () => {
    const { calls, until, answerOne, hold } = startLoop(2, 500);
    await settled();
    await until(490);
    hold();
    for (let more = 0; more < 50 && calls.length > 0; more++) await answerOne();
    expect(calls).toEqual([]);
  });
});
