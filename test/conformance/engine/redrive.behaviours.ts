import type { RedriveHold } from '../../../libs/scalr-queue/src/engine/redrive-records.js';
import { added, jobOf, kill, type MakeEngine, stateOf } from './engine.js';

let count = 0;

const holdOf = (holder: string, id = `redrive-${++count}`): RedriveHold => ({
  id,
  holder,
  lease: 60_000,
  sample: 2,
});

/** Dead jobs that are retried one after the other, by one process at a time. */
export function redriveBehaviours(makeEngine: MakeEngine): void {
  describe('a redrive', () => {
    it('retries each job once, also when it has died again, and counts that', async () => {
      const engine = await makeEngine();
      const jobs = await added(engine, jobOf(), jobOf(), jobOf());
      const dead = [];
      for (const job of jobs) dead.push(await kill(engine, job));
      const hold = holdOf('one');
      await engine.redrives.open(hold, { act: 'retry', filter: '{}' }, 1_000, 3);
      for (const position of dead)
        expect(await engine.redrives.retry(hold, position, 'mail')).toBe('retried');
      expect(await stateOf(engine, jobs[0]!)).toBe('waiting');
      expect(await engine.redrives.retry(hold, dead[0]!, 'mail')).toBe('not-dead');
      const again = await kill(engine, jobs[0]!);
      expect(await engine.redrives.retry(hold, again, 'mail')).toBe('not-dead');
      expect(await engine.redrives.advance(hold, 'here')).toBe(true);
      expect(await engine.redrives.read(hold.id)).toEqual({
        id: hold.id,
        plan: { act: 'retry', filter: '{}' },
        state: 'running',
        at: 1_000,
        matched: 3,
        retried: 3,
        kept: 0,
        cursor: 'here',
        heldFor: expect.any(Number),
      });
      // Of the first two one has died again.
      expect(await engine.redrives.fates(hold.id)).toEqual({
        jobs: 2,
        completed: 0,
        diedAgain: 1,
        pending: 1,
      });
      await engine.jobs.remove({ queue: 'mail', storedId: jobs[1]!.options.jobId });
      expect(await engine.redrives.fates(hold.id)).toMatchObject({ completed: 1, diedAgain: 1, pending: 0 });
      expect(await engine.redrives.end(hold, 'done')).toBe(3);
      expect(await engine.redrives.end(hold, 'done')).toBeUndefined();
      expect(await engine.redrives.take(holdOf('two', hold.id), {}, false)).toBe('done');
      // Another one may take it.
      const other = holdOf('three');
      await engine.redrives.open(other, { act: 'retry' }, 2_000, 1);
      expect(await engine.redrives.retry(other, again, 'mail')).toBe('retried');
      expect((await engine.redrives.list()).map(({ id }) => id)).toEqual([other.id, hold.id]);
    });

    it('retries a job in the queue that its definition has now', async () => {
      const engine = await makeEngine();
      const [job] = await added(engine, jobOf());
      const hold = holdOf('one');
      await engine.redrives.open(hold, { act: 'retry' }, 1_000, 1);
      expect(await engine.redrives.retry(hold, await kill(engine, job!), 'letters')).toBe('retried');
      expect(await stateOf(engine, { ...job!, queue: 'letters' })).toBe('waiting');
      expect(await stateOf(engine, job!)).toBeUndefined();
      expect(await engine.redrives.fates(hold.id)).toMatchObject({ jobs: 1, pending: 1 });
    });

    it('leaves a job dead whose unique key is taken, and counts it once', async () => {
      const engine = await makeEngine();
      const unique = () => jobOf({ contested: true, options: { deduplication: { id: 'key' } } });
      const [job, other] = [unique(), unique()];
      await engine.intake.addContested(job, []);
      const dead = await kill(engine, job);
      await engine.intake.addContested(other, []);
      const hold = holdOf('one');
      await engine.redrives.open(hold, { act: 'retry' }, 1_000, 1);
      expect(await engine.redrives.retry(hold, dead, 'mail')).toEqual({ holder: other.options.jobId });
      expect(await engine.redrives.retry(hold, dead, 'mail')).toBe('not-dead');
      expect(await engine.redrives.read(hold.id)).toMatchObject({ retried: 0, kept: 1 });
    });

    it('is run by one at a time, and by another one once the first is silent', async () => {
      const engine = await makeEngine();
      const [job] = await added(engine, jobOf());
      const dead = await kill(engine, job!);
      const [first, second] = [{ ...holdOf('one'), lease: 1 }, holdOf('two')];
      await engine.redrives.open(first, { act: 'retry', pace: 'slow' }, 1_000, 1);
      await expect
        .poll(() => engine.redrives.take({ ...second, id: first.id }, { pace: 'fast' }, true), {
          timeout: 10_000,
        })
        .toBe('taken');
      const taken = { ...second, id: first.id };
      expect(await engine.redrives.read(first.id)).toMatchObject({ plan: { act: 'retry', pace: 'fast' } });
      expect(await engine.redrives.retry(first, dead, 'mail')).toBe('lost');
      expect(await engine.redrives.advance(first, 'nowhere')).toBe(false);
      expect(await engine.redrives.end(first, 'done')).toBeUndefined();
      const held = await engine.redrives.take(holdOf('three', first.id), {}, false);
      expect(held).toEqual({ heldFor: expect.any(Number) });
      expect((held as { heldFor: number }).heldFor).toBeGreaterThan(30_000);
      expect(await engine.redrives.retry(taken, dead, 'mail')).toBe('retried');
    });

    it('does nothing once it is to stop, and can be taken up again', async () => {
      const engine = await makeEngine();
      const [job] = await added(engine, jobOf());
      const dead = await kill(engine, job!);
      const hold = holdOf('one');
      await engine.redrives.open(hold, { act: 'retry' }, 1_000, 1);
      expect(await engine.redrives.stop(hold.id)).toBe(true);
      expect(await engine.redrives.stop(hold.id)).toBe(false);
      expect(await engine.redrives.retry(hold, dead, 'mail')).toBe('lost');
      expect(await engine.redrives.advance(hold)).toBe(false);
      expect(await engine.redrives.end(hold, 'stopped', 'asked')).toBe(0);
      expect(await engine.redrives.read(hold.id)).toMatchObject({
        state: 'stopped',
        why: 'asked',
        heldFor: 0,
      });
      expect(await engine.redrives.take(holdOf('two', hold.id), {}, true)).toBe('done');
      const next = holdOf('two', hold.id);
      expect(await engine.redrives.take(next, {}, false)).toBe('taken');
      expect(await engine.redrives.retry(next, dead, 'mail')).toBe('retried');
      expect(await engine.redrives.read('nowhere')).toBeUndefined();
      expect(await engine.redrives.stop('nowhere')).toBe(false);
      expect(await engine.redrives.take(holdOf('one', 'nowhere'), {}, false)).toBe('none');
    });
  });
}
