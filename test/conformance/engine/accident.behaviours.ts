import { eventually } from '../../support/eventually.js';
import { added, jobOf, stateOf } from './engine.js';
import { gate, type MakeRunningEngine, untilIn, type workerIn } from './engine-worker.js';

/** What happens to a job behind the back of its worker, where others can reach it. */
export function accidentBehaviours(make: MakeRunningEngine, work: typeof workerIn): void {
  describe('a job', () => {
    it('that another worker has is told of while it runs, and its outcome is nobody’s', async () => {
      const running = await make();
      const { open, opened } = gate();
      const { worker, hooks } = work(running, () => opened);
      const [job] = await added(running.engine, jobOf());
      worker.start();
      await eventually(() => expect(worker.runningCount).toBe(1));
      await running.accidents!.takeLock(job!);
      await eventually(() => expect(hooks.losses[0]).toMatchObject({ isRunning: true }));
      open();
      await eventually(() => expect(worker.runningCount).toBe(0));
      expect(hooks.of(job!).filter((hook) => ['completed', 'failed'].includes(hook))).toEqual([]);
      expect(await stateOf(running.engine, job!)).toBe('active');
    });

    it('whose worker died runs again, with its crash counted', async () => {
      const running = await make();
      const crashes: (number | undefined)[] = [];
      const { worker, hooks } = work(running, async (job) => void crashes.push(job.stalledCounter));
      const [job] = await added(running.engine, jobOf());
      await running.accidents!.takeAndDie(job!);
      expect(await stateOf(running.engine, job!)).toBe('active');
      worker.start();
      await untilIn(running.engine, 'completed', job!);
      expect(crashes).toEqual([1]);
      expect(hooks.of(job!)).toContain('stalled');
      const [state] = await running.engine.queues.states(['mail']);
      expect(state).toMatchObject({ stalls: 1 });
    });

    it('of which nothing is stored any more is dead, and not run', async () => {
      const running = await make();
      const { worker, hooks } = work(running, async () => expect.unreachable());
      const [job] = await added(running.engine, jobOf());
      await running.accidents!.loseData(job!);
      worker.start();
      await eventually(() => expect(hooks.of(job!)).toEqual(['dataMissing', 'failed']));
      expect(hooks.failures).toEqual([
        { message: expect.stringContaining('data-missing JobDataMissingError') as unknown, isDead: true },
      ]);
    });
  });
}
