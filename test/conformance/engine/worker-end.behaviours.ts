import { eventually } from '../../support/eventually.js';
import { added, jobOf, stateOf } from './engine.js';
import { gate, HookLog, type MakeRunningEngine, untilIn, type workerIn } from './engine-worker.js';

/** How a worker ends, and what becomes of the jobs that it runs. */
export function workerEndBehaviours(make: MakeRunningEngine, work: typeof workerIn): void {
  /** A worker with a job that runs, and another one that waits. */
  const busy = async () => {
    const running = await make();
    const { open, opened } = gate();
    const signals: AbortSignal[] = [];
    const { worker, hooks } = work(running, async (_job, _token, signal) => (signals.push(signal!), opened), {
      concurrency: 1,
    });
    const [job, next] = await added(running.engine, jobOf(), jobOf());
    worker.start();
    await eventually(() => expect(worker.runningCount).toBe(1));
    return { ...running, running, worker, hooks, job: job!, next: next!, finish: open, signals };
  };

  describe('the end of a worker', () => {
    it('lets the running job end, and no other one start', async () => {
      const { engine, worker, hooks, job, next, finish } = await busy();
      hooks.beginDrain();
      let isClosed = false;
      const closed = worker.close().then(() => (isClosed = true));
      expect(worker.accepting).toBe(false);
      // A turn of the event loop, in which it would have closed.
      await new Promise(setImmediate);
      expect(isClosed).toBe(false);
      finish();
      await closed;
      await untilIn(engine, 'completed', job);
      await untilIn(engine, 'waiting', next);
      await eventually(() =>
        expect(hooks.of(job)).toEqual(['attempt', 'started', 'ended', 'ending', 'completed']),
      );
      // One that came with the completion of the other is handed back.
      expect(hooks.of(next).filter((hook) => !['unsettled', 'released'].includes(hook))).toEqual([]);
    });

    it.each([
      ['has begun', true],
      ['waits for its turn', false],
    ])(
      'releases a job whose handler %s to the front of its queue, with no attempt used',
      async (_what, begun) => {
        const { running, engine, workers, worker, hooks, job, next, signals } = await busy();
        hooks.begun = begun;
        hooks.beginDrain();
        const closed = worker.close();
        hooks.endRuns();
        await closed;
        await untilIn(engine, 'waiting', job);
        await eventually(() =>
          expect(hooks.of(job)).toEqual(['attempt', 'started', 'unsettled', 'released', 'ended']),
        );
        expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
        const order: [string | undefined, boolean][] = [];
        const other = work(running, async (it) => void order.push([it.id, await workers.runs.hasRun(it)]), {
          concurrency: 1,
        });
        other.worker.start();
        await untilIn(engine, 'completed', next);
        expect(order).toEqual([
          [job.options.jobId, begun],
          [next.options.jobId, false],
        ]);
        const stored = (await engine.jobs.read('mail', job.options.jobId))!.job;
        expect(stored).toMatchObject({ attemptsMade: 1, attemptsStarted: 2 });
      },
    );

    it('waits for nothing any more once it is left', async () => {
      const { worker, engine, job } = await busy();
      worker.leave();
      await worker.close();
      expect(await stateOf(engine, job)).toBe('active');
    });

    it('comes before its beginning', async () => {
      const running = await make();
      const drain = new AbortController();
      drain.abort();
      await running.workers.open(drain.signal);
      const { worker } = work(running, async () => null);
      await worker.close();
      expect(worker.accepting).toBe(false);
    });
  });

  describe('classes that were written for the engine', () => {
    it('are workers of their own, which run what is adopted', async () => {
      const running = await make();
      const { processors } = running.workers;
      const queues = processors.queues();
      expect(processors.allQueues()).toEqual(expect.arrayContaining(queues));
      const adopted: string[] = [];
      const hooks = new HookLog();
      const workers = processors.start(
        new Set(queues),
        (processor) => {
          expect(processor).toMatchObject({
            keep: expect.any(Object) as unknown,
            cancel: expect.any(Function) as unknown,
          });
          adopted.push(processor.queue);
          return async (job, token, signal) => ({ by: await processor.run(job, token, signal) });
        },
        { concurrency: 1 },
        hooks,
      );
      expect(workers.map(({ name }) => name)).toEqual(queues);
      expect(adopted).toEqual(queues);
      for (const worker of workers) {
        worker.start();
        const [job] = await added(running.engine, jobOf({ queue: worker.name }));
        const { returnvalue } = await untilIn(running.engine, 'completed', job!);
        expect(returnvalue).toEqual({ by: 'a class' });
        await eventually(() => expect(hooks.of(job!).at(-1)).toBe('completed'));
        await worker.close();
      }
      expect(processors.foreignCount).toBe(0);
      await processors.closeForeign();
      processors.leaveForeign();
    });
  });
}
