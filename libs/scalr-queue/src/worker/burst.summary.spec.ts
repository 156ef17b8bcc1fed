import { type BurstSummary, describeBurst, exitCodeOf } from './burst.summary.js';

const nothing: BurstSummary = {
  ended: 'empty',
  completed: 0,
  failed: 0,
  dead: 0,
  handedBack: 0,
  durationMs: 0,
  left: [],
};

const EMPTY = { waiting: 0, delayed: 0, running: 0, paused: false };
const queueOf = (queue: string, more: Partial<typeof EMPTY>) => ({ queue, ...EMPTY, ...more });

describe('the summary of a burst', () => {
  it.each<[Partial<BurstSummary>, number]>([
    [{}, 0],
    [{ completed: 3, failed: 2 }, 0],
    [{ dead: 1 }, 1],
    [{ ended: 'timeout' }, 1],
    [{ ended: 'interrupted' }, 1],
    [{ ended: 'timeout', dead: 1 }, 1],
  ])('makes of %o the exit code %i', (more, code) => {
    expect(exitCodeOf({ ...nothing, ...more })).toBe(code);
  });

  it('is one line', () => {
    expect(describeBurst({ ...nothing, completed: 12, failed: 1, dead: 1, durationMs: 2_345 })).toBe(
      'Burst done in 2.3 s: 12 completed, 1 failed attempt, 1 dead, 0 handed back. Left: nothing',
    );
    const left = [
      queueOf('mail', { waiting: 1, delayed: 2, running: 3 }),
      queueOf('later', { delayed: 1 }),
      queueOf('held', { waiting: 5, paused: true }),
      queueOf('theirs', { running: 1 }),
    ];
    expect(describeBurst({ ...nothing, ended: 'timeout', failed: 2, handedBack: 3, left })).toBe(
      'Burst out of time in 0.0 s: 0 completed, 2 failed attempts, 0 dead, 3 handed back. Left: ' +
        'mail 1 waiting, 2 for later, 3 running elsewhere; later 1 for later; held 5 waiting (paused); theirs 1 running elsewhere',
    );
    expect(describeBurst({ ...nothing, ended: 'interrupted' })).toMatch(/^Burst interrupted in /);
  });
});
