import { setTimeout as pause } from 'node:timers/promises';
import { added, jobOf, kill, type MakeEngine, REASON, stateOf } from './engine.js';

/** Jobs that gave up. */
export function deadLetterBehaviours(makeEngine: MakeEngine): void {
  describe('dead jobs', () => {
    it('are counted and paged by the time of their death, newest first', async () => {
      const engine = await makeEngine();
      const dead = [];
      for (const job of await added(engine, jobOf(), jobOf(), jobOf())) {
        dead.unshift(await kill(engine, job));
        await pause(2);
      }
      const [newest, middle, oldest] = dead as [(typeof dead)[0], (typeof dead)[0], (typeof dead)[0]];
      expect(await engine.deadLetters.count('mail', 0, Infinity)).toBe(3);
      expect(await engine.deadLetters.count('mail', middle.diedAt, middle.diedAt)).toBe(1);
      expect(await engine.deadLetters.count('other', 0, Infinity)).toBe(0);
      expect(await engine.deadLetters.page('mail', 0, Infinity, 0, 2)).toEqual([newest, middle]);
      expect(await engine.deadLetters.page('mail', 0, Infinity, 2, 2)).toEqual([oldest]);
      expect(await engine.deadLetters.page('mail', 0, middle.diedAt, 0, 9)).toEqual([middle, oldest]);
      const looks = [
        { queue: 'mail', from: 0, to: 1 },
        { queue: 'other', from: 0, to: 5 },
        { queue: 'mail', from: 2, to: 2 },
      ];
      const failure = { queue: 'mail', failedReason: REASON };
      expect(await engine.deadLetters.failuresAt(looks)).toEqual([failure, failure, failure]);
      expect(await engine.deadLetters.failuresAt([])).toEqual([]);
      const gone = { ...newest, storedId: 'send~nowhere' };
      expect(await engine.deadLetters.deathsOf([newest, gone])).toEqual([
        expect.objectContaining({ name: 'send', failedReason: REASON, maxAttempts: 1 }) as unknown,
        undefined,
      ]);
    });

    it('are retried once, with a new life, and only while they are dead of that death', async () => {
      const engine = await makeEngine();
      const [job] = await added(engine, jobOf());
      const dead = await kill(engine, job!);
      expect(await engine.deadLetters.prepare([dead], true)).toEqual([true]);
      expect(await stateOf(engine, job!)).toBe('failed');
      expect(await engine.deadLetters.prepare([dead], false)).toEqual([true]);
      expect(await engine.deadLetters.retry(dead)).toBe(true);
      expect(await engine.deadLetters.retry(dead)).toBe(false);
      expect(await stateOf(engine, job!)).toBe('waiting');
      expect(await engine.deadLetters.prepare([dead], false)).toEqual([false]);
    });

    it('stay dead while another job holds their unique key', async () => {
      const engine = await makeEngine();
      const unique = () => jobOf({ contested: true, options: { deduplication: { id: 'key' } } });
      const [job, other] = [unique(), unique()];
      await engine.intake.addContested(job, []);
      const dead = await kill(engine, job);
      await engine.intake.addContested(other, []);
      expect(await engine.deadLetters.prepare([dead], false)).toEqual([other.options.jobId]);
      expect(await stateOf(engine, job)).toBe('failed');
    });

    it('are deleted, and moved to another queue, once', async () => {
      const engine = await makeEngine();
      const [job, moved] = await added(engine, jobOf(), jobOf());
      const dead = await kill(engine, job!);
      expect(await engine.deadLetters.delete([dead, dead])).toEqual([true, false]);
      expect(await stateOf(engine, job!)).toBeUndefined();
      const position = await kill(engine, moved!);
      expect(await engine.deadLetters.move(position, 'letters')).toBe(true);
      expect(await engine.deadLetters.move(position, 'letters')).toBe(false);
      expect(await engine.deadLetters.page('letters', 0, Infinity, 0, 9)).toEqual([
        { ...position, queue: 'letters' },
      ]);
    });
  });
}
