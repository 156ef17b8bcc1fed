import { HandBack } from '../../../libs/scalr-queue/src/engine/run-ends.js';
import {
  type EffectClaim,
  MAX_EFFECTS,
  type JobEffects,
} from '../../../libs/scalr-queue/src/engine/job-effects.js';
import { eventually } from '../../support/eventually.js';
import { added, jobOf } from './engine.js';
import { type MakeRunningEngine, untilIn, type workerIn } from './engine-worker.js';

/** What is noted about the effects and items of a running job. */
export function effectBehaviours(make: MakeRunningEngine, work: typeof workerIn): void {
  /** A job that runs while this looks at what is noted of it. */
  const running = async (look: (notes: JobEffects) => Promise<void>) => {
    const engine = await make();
    const { worker, hooks } = work(engine, async (job, token) => {
      await look(engine.workers.effects(job, token, hooks.force));
      return null;
    });
    const [job] = await added(engine.engine, jobOf({ options: { attempts: 1 } }));
    worker.start();
    await untilIn(engine.engine, 'completed', job!);
    return { ...engine, job: job! };
  };

  describe('an effect of a running job', () => {
    it('is done by one run at a time, and once', async () => {
      const claims: EffectClaim[] = [];
      await running(async (notes) => {
        claims.push(await notes.claim('a', 'one', 60_000));
        // Sent again, as its answer was lost.
        claims.push(await notes.claim('a', 'one', 60_000));
        claims.push(await notes.claim('a', 'two', 60_000));
        await notes.settle('a', 'two', { state: 'done', result: '2' });
        await notes.settle('a', 'one', { state: 'done', result: '{"n":1}' });
        claims.push(await notes.claim('a', 'two', 60_000));
        claims.push(await notes.claim('b', 'two', 60_000));
        await notes.settle('b', 'two', { state: 'done', result: '', lost: 'a Date' });
        claims.push(await notes.claim('b', 'one', 60_000));
      });
      expect(claims).toEqual([
        { state: 'claimed' },
        { state: 'claimed' },
        { state: 'busy', left: expect.any(Number) },
        { state: 'done', result: '{"n":1}' },
        { state: 'claimed' },
        { state: 'done', result: '', lost: 'a Date' },
      ]);
    });

    it('that has not happened may begin anew, one that is unknown says since when', async () => {
      const claims: EffectClaim[] = [];
      await running(async (notes) => {
        claims.push(await notes.claim('a', 'one', 60_000));
        await notes.settle('a', 'one', { state: 'undone' });
        claims.push(await notes.claim('a', 'two', 60_000));
        await notes.settle('a', 'two', { state: 'unknown', dead: false });
        claims.push(await notes.claim('a', 'three', 60_000));
        claims.push(await notes.claim('a', 'three', 60_000));
        await notes.settle('a', 'three', { state: 'unknown', dead: true });
        // The job is not dead yet, and nobody has retried it.
        claims.push(await notes.claim('a', 'four', 60_000));
      });
      expect(claims.map(({ state }) => state)).toEqual([
        'claimed',
        'claimed',
        'unknown',
        'unknown',
        'unknown',
      ]);
      const unknown = claims.slice(2) as { since: number; retried: boolean }[];
      expect(unknown.map(({ retried }) => retried)).toEqual([false, false, false]);
      expect(new Set(unknown.map(({ since }) => since)).size).toBe(1);
      expect(Math.abs(Date.now() - unknown[0]!.since)).toBeLessThan(60_000);
    });

    it('is given up when its lease is over, unless that is renewed', async () => {
      await running(async (notes) => {
        await notes.claim('a', 'one', 100);
        await notes.renew('a', 'one', 60_000);
        await notes.claim('b', 'one', 100);
        await notes.renew('b', 'two', 60_000);
        await eventually(async () => expect((await notes.claim('b', 'two', 60_000)).state).toBe('unknown'));
        expect((await notes.claim('a', 'two', 60_000)).state).toBe('busy');
      });
    });

    it('is one of so many at most', async () => {
      await running(async (notes) => {
        const states = new Set<string>();
        for (let at = 0; at <= MAX_EFFECTS; at++)
          states.add((await notes.claim(`k${at}`, 't', 60_000)).state);
        expect([...states]).toEqual(['claimed', 'full']);
      });
    });
  });

  describe('the items of a running job', () => {
    it('are where they were noted last, and are shown', async () => {
      const found: unknown[] = [];
      const { engine, job } = await running(async (notes) => {
        found.push(await notes.progressOf('rows'));
        found.push(await notes.note('rows', '{"done":1}', '[{"name":"rows","done":1,"at":1}]'));
        found.push(await notes.note('rows', '{"done":2}', undefined));
        found.push(await notes.progressOf('rows'), await notes.progressOf('other'));
      });
      expect(found).toEqual([undefined, true, true, '{"done":2}', undefined]);
      const { job: read } = (await engine.jobs.read(job.queue, job.options.jobId))!;
      expect(read.items).toEqual([{ name: 'rows', done: 1, at: 1 }]);
    });
  });

  describe('a run that hands its job back', () => {
    it('uses no attempt, and the job is first in its queue', async () => {
      const engine = await make();
      let runs = 0;
      const order: string[] = [];
      const { worker, hooks } = work(
        engine,
        async ({ id = '' }) => {
          order.push(id);
          if (++runs > 1) return 'done';
          hooks.beginDrain();
          throw new HandBack();
        },
        { concurrency: 1 },
      );
      const [job, next] = await added(engine.engine, jobOf(), jobOf());
      worker.start();
      await eventually(() => expect(runs).toBe(1));
      await worker.close();
      await eventually(() =>
        expect(hooks.of(job!)).toEqual(['attempt', 'started', 'unsettled', 'released', 'ended']),
      );
      const other = work(engine, async ({ id = '' }) => void order.push(id), { concurrency: 1 });
      other.worker.start();
      await untilIn(engine.engine, 'completed', next!);
      const stored = await untilIn(engine.engine, 'completed', job!);
      expect(stored.attemptsMade).toBe(1);
      expect(order).toEqual([job!.options.jobId, job!.options.jobId, next!.options.jobId]);
    });
  });
}
