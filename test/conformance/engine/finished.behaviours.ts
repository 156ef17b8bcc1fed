import type { KeepRule } from '../../../libs/scalr-queue/src/engine/keep-rule.js';
import { added, jobOf, kill, type MakeEngine } from './engine.js';

const DAY = 86_400_000;
const ruleOf = (age: number, count: number): KeepRule => ({
  completed: { age: DAY, count: 10 },
  dead: { age, count },
});

/** How long finished jobs are kept. */
export function finishedBehaviours(makeEngine: MakeEngine): void {
  describe('finished jobs', () => {
    it('are kept by the rules that workers announce', async () => {
      const { finished } = await makeEngine();
      expect(await finished.rules()).toEqual({ rules: new Map(), differ: false });
      await finished.announce(new Map([['send', ruleOf(DAY, 7)]]));
      const { rules, differ } = await finished.rules();
      expect([...rules]).toEqual([['send', ruleOf(DAY, 7)]]);
      expect(differ).toBe(false);
      await finished.announce(rules, true);
    });

    it('are looked at by one process at a time', async () => {
      const { finished } = await makeEngine();
      const end = await finished.lease('mail', 'failed', 60_000);
      expect(await finished.lease('mail', 'failed', 60_000)).toBeUndefined();
      expect(await finished.lease('mail', 'completed', 60_000)).toBeDefined();
      await end!(0);
      expect(await finished.lease('mail', 'failed', 60_000)).toBeDefined();
    });

    it('go when they are too many or too old, each kind by its own rule', async () => {
      const engine = await makeEngine();
      const jobs = await added(engine, jobOf(), jobOf(), jobOf({ name: 'print' }), jobOf({ name: 'print' }));
      const dead = [];
      for (const job of jobs) dead.push(await kill(engine, job));
      const rules = new Map([
        ['send', ruleOf(DAY, 1)],
        ['print', ruleOf(DAY, 5)],
      ]);
      expect(await engine.finished.count('mail', 'failed')).toBe(4);
      const trimmed = await engine.finished.trim('mail', 'failed', rules);
      expect(trimmed.kept).toBe(3);
      const [oldest] = dead.slice(1).map(({ diedAt }) => diedAt);
      expect(trimmed.nextAt).toBe(oldest! + DAY);
      expect(await engine.finished.count('mail', 'failed')).toBe(3);
      const none = new Map([...rules.keys()].map((name) => [name, ruleOf(0, 5)] as const));
      expect(await engine.finished.trim('mail', 'failed', none)).toEqual({ kept: 0, nextAt: Infinity });
      expect(await engine.finished.count('mail', 'failed')).toBe(0);
    });
  });
}
