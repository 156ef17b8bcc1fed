import type {
  EngineWorker,
  RunJob,
  WorkerEngine,
} from '../../../libs/scalr-queue/src/engine/engine-worker.js';
import { AttemptFailure } from '../../../libs/scalr-queue/src/engine/attempt-failure.js';
import type { JobEnd } from '../../../libs/scalr-queue/src/engine/job-end.js';
import type { StoredJob } from '../../../libs/scalr-queue/src/engine/stored-job.js';
import { eventually } from '../../support/eventually.js';
import { accidentBehaviours } from './accident.behaviours.js';
import { added, AskedOf, jobOf, operationsOf, placeOf, stateOf } from './engine.js';
import { gate, HookLog, leaveAtEnd, type MakeRunningEngine, untilIn, workerIn } from './engine-worker.js';
import { workerEndBehaviours } from './worker-end.behaviours.js';
import { effectBehaviours } from './effect.behaviours.js';
import { runBehaviours } from './run.behaviours.js';

/** Of jobs whose failures say how long to wait. */
const backoff = { type: 'custom' };

/**
 * What every engine has to do to run jobs: the specification of WorkerEngine, EngineWorker and WorkerHooks. An engine whose jobs nothing can
 * take from the worker that runs them, as none is but in one process, has no accidents, and calls no hook for them.
 */
export function workerBehaviours(makeEngine: MakeRunningEngine, { accidents }: { accidents: boolean }): void {
  const ofEngine = new AskedOf<WorkerEngine>('WorkerEngine');
  const ofWorkers = new AskedOf<EngineWorker>('EngineWorker');
  const hooksCalled = new Set<string>();
  const make: MakeRunningEngine = async () => {
    const made = await makeEngine();
    const workers = ofEngine.note(made.workers);
    return { ...made, workers };
  };
  /** A worker of the queue `mail`. */
  const work: typeof workerIn = (engine, run, settings) => {
    const { worker, hooks } = workerIn(engine, run, settings);
    const note = (hook: string) => void hooksCalled.add(hook);
    hooks.onCall = note;
    return { worker: ofWorkers.note(worker), hooks };
  };

  describe('a worker', () => {
    it('takes nothing before it is started, then one job after the other, and tells of each in order', async () => {
      const running = await make();
      const { engine } = running;
      const ran: unknown[] = [];
      const { worker, hooks } = work(running, async (job) => (ran.push(job.data), { sum: 3 }), {
        concurrency: 1,
      });
      const jobs = await added(engine, jobOf({ payload: 1 }), jobOf({ payload: 2 }), jobOf({ payload: 3 }));
      expect([worker.name, worker.accepting, worker.runningCount]).toEqual(['mail', false, 0]);
      expect(await stateOf(engine, jobs[0]!)).toBe('waiting');
      worker.start();
      const stored = await untilIn(engine, 'completed', jobs[2]!);
      expect(stored).toMatchObject({ attemptsMade: 1, returnvalue: { sum: 3 } });
      expect(stored.finishedOn).toBeGreaterThanOrEqual(stored.processedOn!);
      expect(ran).toEqual([1, 2, 3]);
      await eventually(() => expect(worker.accepting).toBe(true));
      for (const job of jobs) {
        await eventually(() =>
          expect(hooks.of(job)).toEqual(['attempt', 'started', 'ended', 'ending', 'completed']),
        );
        const after = hooks.ranAfter(job);
        expect(after[0]).toBe('started');
        expect(after.length).toBeGreaterThanOrEqual(2);
      }
    });

    it('runs as many jobs at a time as it is told', async () => {
      const running = await make();
      const { open, opened } = gate();
      const { worker } = work(running, () => opened, { concurrency: 2 });
      const jobs = await added(running.engine, jobOf(), jobOf(), jobOf());
      worker.start();
      await eventually(() => expect(worker.runningCount).toBe(2));
      const ids = [...worker.runningJobs()].map(({ id }) => id);
      expect(new Set(ids)).toEqual(new Set(jobs.slice(0, 2).map(({ options }) => options.jobId)));
      expect(await stateOf(running.engine, jobs[2]!)).toBe('waiting');
      open();
      await untilIn(running.engine, 'completed', jobs[2]!);
      await eventually(() => expect(worker.runningCount).toBe(0));
    });

    it('tries a job again when its failure says so, and not after the last attempt', async () => {
      const running = await make();
      const failures = ['retrying', 'retrying', 'attempts'] as const;
      const times: number[] = [];
      const { worker, hooks } = work(running, async ({ attemptsMade: made }) => {
        times.push(Date.now());
        throw new AttemptFailure(
          failures[made]!,
          new RangeError('no'),
          made + 1,
          Date.now(),
          made === 0 ? 40 : 0,
        );
      });
      const [job] = await added(running.engine, jobOf({ options: { attempts: 3, backoff } }));
      worker.start();
      const stored = await untilIn(running.engine, 'failed', job!);
      expect(stored).toMatchObject({ attemptsMade: 3, failedReason: 'attempts RangeError: no' });
      expect(stored.stacktrace).toHaveLength(3);
      expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(40);
      const attempt = ['attempt', 'started', 'ended', 'ending', 'failed'];
      await eventually(() => expect(hooks.of(job!)).toEqual([...attempt, ...attempt, ...attempt]));
      expect(hooks.failures).toEqual([
        { message: 'retrying RangeError: no', isDead: false },
        { message: 'retrying RangeError: no', isDead: false },
        { message: 'attempts RangeError: no', isDead: true },
      ]);
    });

    it.each<[string, () => unknown, number]>([
      ['the failure says that it is over', () => new AttemptFailure('discarded', new Error('no'), 1, 0), 5],
      ['it was the only attempt, whatever was thrown', () => new TypeError('no'), 1],
      ['what was thrown is no error', () => null, 1],
    ])('leaves a job dead when %s', async (_when, thrown, attempts) => {
      const running = await make();
      const { worker, hooks } = work(running, async () => Promise.reject(thrown()));
      const [job] = await added(running.engine, jobOf({ options: { attempts } }));
      worker.start();
      expect(await untilIn(running.engine, 'failed', job!)).toMatchObject({ attemptsMade: 1 });
      await eventually(() => expect(hooks.failures).toMatchObject([{ isDead: true }]));
      expect(await running.engine.deadLetters.count('mail', 0, Infinity)).toBe(1);
    });

    it('keeps nothing of a job when it is told so at its end, which is heard nevertheless', async () => {
      const running = await make();
      const { engine } = running;
      const { worker, hooks } = work(running, async (job) => {
        if (job.name === 'print') throw new Error('no');
        return 7;
      });
      hooks.keep = { removeOnComplete: true, removeOnFail: true };
      const jobs = await added(engine, jobOf(), jobOf({ name: 'print' }));
      const ends: JobEnd[] = [];
      const heard = jobs.map(({ options }) =>
        engine.ends.listen('mail', options.jobId, (end) => void ends.push(end)),
      );
      await Promise.all(heard.map(({ listening }) => listening));
      worker.start();
      for (const job of jobs)
        await eventually(async () => expect(await stateOf(engine, job)).toBeUndefined());
      await eventually(() => expect(ends).toHaveLength(2));
      expect(ends).toEqual(expect.arrayContaining([{ result: 7 }, { failedReason: 'no' }]));
      for (const { stop } of heard) stop();
    });

    it('starts none of a queue that is held, and goes on when it is let go', async () => {
      const running = await make();
      const { engine } = running;
      const { worker } = work(running, async () => null);
      await engine.queues.pause('mail');
      worker.start();
      const [held] = await added(engine, jobOf());
      const other = new HookLog();
      const elsewhere = running.workers.worker('letters', async () => null, {}, other);
      leaveAtEnd(elsewhere, other);
      elsewhere.start();
      const [free] = await added(engine, jobOf({ queue: 'letters' }));
      await untilIn(engine, 'completed', free!);
      expect(await stateOf(engine, held!)).toBe('waiting');
      await engine.queues.resume('mail');
      await untilIn(engine, 'completed', held!);
    });

    it('answers a ping, of which its hooks hear nothing', async () => {
      const running = await make();
      const { worker, hooks } = work(running, async () => null);
      worker.start();
      expect(await running.engine.queues.ping('mail', 10_000)).toMatchObject({
        worker: { pid: process.pid },
      });
      expect(hooks.called).toEqual(new Set());
    });

    it('gives a signal to a run that asks for one, and aborts it', async () => {
      const running = await make();
      const run: RunJob = (_job, _token, signal) =>
        new Promise((_resolve, reject) =>
          signal!.addEventListener('abort', () => reject(new Error('told to stop')), { once: true }),
        );
      const { worker } = work(running, run);
      const [job] = await added(running.engine, jobOf());
      worker.start();
      await eventually(() => expect(worker.runningCount).toBe(1));
      worker.cancelRun(job!.options.jobId, 'no more');
      expect(await untilIn(running.engine, 'failed', job!)).toMatchObject({ failedReason: 'told to stop' });
    });
  });

  describe('a request to cancel', () => {
    const asFailure = 'cancelled JobCancelledError: cancelled';

    it('is found by the run that it is for, and by no later one', async () => {
      const running = await make();
      const { engine } = running;
      const { cancels } = running.workers;
      const { open, opened } = gate();
      const { worker } = work(running, () => opened);
      const [job] = await added(engine, jobOf());
      worker.start();
      await eventually(() => expect(worker.runningCount).toBe(1));
      const [{ id: storedId, processedOn: startedAt = 0 }] = [...worker.runningJobs()] as [StoredJob];
      const run = { queue: 'mail', storedId, startedAt };
      expect(await cancels.look([run])).toEqual({ asked: [], requests: 0 });
      expect(await engine.jobs.cancel(placeOf(job!), asFailure)).toBe('cancelling');
      expect(await cancels.look([run])).toEqual({ asked: [run], requests: 1 });
      expect(await cancels.look([{ ...run, startedAt: startedAt + 1 }])).toEqual({ asked: [], requests: 1 });
      expect(await cancels.look([])).toEqual({ asked: [], requests: 1 });
      await cancels.settle(200, () => expect.unreachable());
      expect((await cancels.look([])).requests).toBe(1);
      open();
      await untilIn(engine, 'completed', job!);
    });

    it('ends the job whose run was over before it heard of it', async () => {
      const running = await make();
      const { engine } = running;
      const { worker } = work(running, async (job, _token) => {
        await engine.jobs.cancel(placeOf(target!), asFailure);
        throw new AttemptFailure('retrying', new Error('later'), job.attemptsMade + 1, Date.now(), 60_000);
      });
      const [target] = await added(engine, jobOf({ options: { attempts: 3, backoff } }));
      worker.start();
      await untilIn(engine, 'delayed', target!);
      const ended: string[] = [];
      const { cancels } = running.workers;
      await eventually(async () => {
        await cancels.settle(200, (queue, storedId) => void ended.push(`${queue} ${storedId}`));
        expect((await cancels.look([])).requests).toBe(0);
      });
      expect(ended).toEqual([`mail ${target!.options.jobId}`]);
      expect(await untilIn(engine, 'failed', target!)).toMatchObject({ failedReason: asFailure });
    });
  });

  runBehaviours(make, work);
  effectBehaviours(make, work);
  workerEndBehaviours(make, work);
  if (accidents) accidentBehaviours(make, work);

  describe('the worker', () => {
    it('is asked for everything that the seam declares', () => {
      expect(ofEngine.unused()).toEqual([]);
      expect(ofWorkers.unused()).toEqual([]);
    });

    it('calls every hook', () => {
      // Only a store that is silent for seconds is a reason to ask whether the event loop has turned: `lock-renewal`, `slow-redis`.
      const elsewhere = ['turnedSince', ...(accidents ? [] : ['lockLost', 'stalled', 'dataMissing'])];
      const signals = ['drain', 'force'];
      const missing = operationsOf('WorkerHooks').filter(
        (hook) => !hooksCalled.has(hook) && !signals.includes(hook),
      );
      expect(missing.toSorted()).toEqual(elsewhere.toSorted());
    });
  });
}
