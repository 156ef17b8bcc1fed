import { Deferred, Postponed } from '../../../libs/scalr-queue/src/engine/run-ends.js';
import { AttemptFailure } from '../../../libs/scalr-queue/src/engine/attempt-failure.js';
import { eventually } from '../../support/eventually.js';
import { added, jobOf, stateOf } from './engine.js';
import { type MakeRunningEngine, untilIn, type workerIn } from './engine-worker.js';

/** What is written about a job that is running, and runs that end without an outcome. */
export function runBehaviours(make: MakeRunningEngine, work: typeof workerIn): void {
  describe('a run', () => {
    it('that is to go on later uses no attempt, and is run again at its time', async () => {
      const running = await make();
      const { runs } = running.workers;
      const starts: number[] = [];
      const { worker, hooks } = work(running, async (job, token) => {
        starts.push(job.attemptsStarted);
        if (starts.length > 1) return 'done';
        await runs.snooze(job, token, 40, hooks.force);
        throw new Postponed();
      });
      const [job] = await added(running.engine, jobOf());
      const began = Date.now();
      worker.start();
      const stored = await untilIn(running.engine, 'completed', job!);
      expect(stored).toMatchObject({ attemptsMade: 1, attemptsStarted: 2, returnvalue: 'done' });
      expect(stored.processedOn! - began).toBeGreaterThanOrEqual(40);
      expect(starts).toEqual([1, 2]);
      await eventually(() =>
        expect(hooks.of(job!)).toEqual([
          'attempt',
          'started',
          'deferred',
          'ended',
          'attempt',
          'started',
          'ended',
          'ending',
          'completed',
        ]),
      );
    });

    it('of a job that nobody here can run is no attempt, and is told of once', async () => {
      const running = await make();
      const { runs } = running.workers;
      const deferrals: { since: number; times: number }[] = [];
      const { worker, hooks } = work(
        running,
        async (job, token) => {
          const deferral = await runs.noteDeferral(job, 1_000 + deferrals.length);
          deferrals.push({ ...deferral });
          await runs.defer(job, token, deferrals.length < 3 ? 20 : 60_000, hooks.force);
          throw new Deferred(deferral.times === 1, 0);
        },
        { handles: (name) => name !== 'strange' },
      );
      const [job] = await added(running.engine, jobOf({ name: 'strange' }));
      worker.start();
      await eventually(() => expect(deferrals).toHaveLength(3));
      expect(deferrals).toEqual([1, 2, 3].map((times) => ({ since: 1_000, times })));
      await eventually(() => expect(hooks.of(job!)).toEqual(['deferred', 'ended', 'ended', 'ended']));
      expect(await stateOf(running.engine, job!)).toBe('delayed');
    });

    it('counts as one before, unless it was noted that its start came to nothing', async () => {
      const running = await make();
      const { runs } = running.workers;
      const before: Record<string, boolean[]> = { send: [], idle: [] };
      const { worker, hooks } = work(running, async (job, token) => {
        before[job.name]!.push(await runs.hasRun(job));
        if (job.name === 'idle') await runs.noteIdle(job, token, hooks.force);
        if (job.attemptsMade < 2)
          throw new AttemptFailure('retrying', new Error('later'), job.attemptsMade + 1, Date.now());
        return null;
      });
      const jobs = await added(
        running.engine,
        jobOf({ options: { attempts: 3 } }),
        jobOf({ name: 'idle', options: { attempts: 3 } }),
      );
      worker.start();
      for (const job of jobs) await untilIn(running.engine, 'completed', job);
      expect(before).toEqual({ send: [false, true, true], idle: [false, false, false] });
    });

    it('writes progress and lines beside its job', async () => {
      const running = await make();
      const { worker } = work(running, async (job) => {
        await job.updateProgress({ rows: 3 });
        await job.log('one');
        await job.log('two');
      });
      const [job] = await added(running.engine, jobOf({ options: { keepLogs: 10 } }));
      worker.start();
      const stored = await untilIn(running.engine, 'completed', job!);
      expect([stored.progress, stored.returnvalue]).toEqual([{ rows: 3 }, null]);
      expect(await running.engine.jobs.logsOf('mail', job!.options.jobId)).toEqual(['one', 'two']);
    });
  });
}
