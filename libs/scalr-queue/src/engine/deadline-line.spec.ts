import { DeadlineLine, type Timed } from './deadline-line.js';

describe('a line of deadlines', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  /** A line of a second, and what was late in it, with the time of each. */
  function lineOf() {
    const late: [Timed, number][] = [];
    const began = performance.now();
    const line = new DeadlineLine<Timed>(1_000, (one) => {
      one.isSettled = true;
      late.push([one, performance.now() - began]);
    });
    const add = () => {
      const one: Timed = { isSettled: false };
      line.add(one);
      return one;
    };
    return { add, late };
  }

  it('tells of each that has not settled in its time, in order, and of no other', async () => {
    const { add, late } = lineOf();
    const first = add();
    const settled = add();
    await vi.advanceTimersByTimeAsync(300);
    const third = add();
    settled.isSettled = true;
    await vi.advanceTimersByTimeAsync(699);
    expect(late).toEqual([]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(late).toEqual([
      [first, 1_000],
      [third, 1_300],
    ]);
  });

  it('has one timer for all, and none when all have settled', async () => {
    const { add, late } = lineOf();
    const all = Array.from({ length: 100 }, add);
    expect(vi.getTimerCount()).toBe(1);
    for (const one of all) one.isSettled = true;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(vi.getTimerCount()).toBe(0);
    const after = add();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(late).toEqual([[after, 2_000]]);
  });
});
