import { RunPace } from './run-pace.js';
import { TakePlan } from './take.plan.js';

/** @param ms what the last runs took */
function planOf(concurrency: number, ms: number) {
  const pace = new RunPace();
  for (let runs = 0; runs < 16; runs++) pace.note(ms);
  let isAlone = false;
  const plan = new TakePlan(
    pace,
    () => concurrency,
    () => isAlone,
  );
  return { plan, beAlone: () => (isAlone = true) };
}

describe('what a call takes', () => {
  it('is as many as there are free slots, where jobs are slow', () => {
    const { plan } = planOf(10, 20);
    expect(plan.next(0)).toEqual({ slots: 10, ahead: 0 });
    expect(plan.next(7)).toEqual({ slots: 3, ahead: 0 });
    expect(plan.next(10)).toEqual({ slots: 0, ahead: 0 });
    expect(planOf(100, 20).plan.next(0)).toEqual({ slots: 32, ahead: 0 });
  });

  it('is half of what is in hand at the most, where jobs are quick', () => {
    const { plan } = planOf(10, 1);
    expect(plan.share).toBe(15);
    expect(plan.next(0)).toEqual({ slots: 10, ahead: 5 });
    expect(plan.next(15)).toEqual({ slots: 0, ahead: 15 });
    expect(plan.next(26)).toEqual({ slots: 0, ahead: 4 });
    expect(plan.next(30)).toEqual({ slots: 0, ahead: 0 });
  });

  it('is at most 32 jobs, with 64 ahead', () => {
    const { plan } = planOf(10, 0.01);
    expect(plan.next(0)).toEqual({ slots: 10, ahead: 22 });
    expect(plan.next(64)).toEqual({ slots: 0, ahead: 10 });
  });

  it('is nothing ahead beside what has crashed a worker', () => {
    const { plan, beAlone } = planOf(10, 0.01);
    beAlone();
    expect(plan.next(0)).toEqual({ slots: 10, ahead: 0 });
    expect(plan.share).toBe(5);
  });
});

describe('the time for a call', () => {
  it('is when a job has ended or a slot is free, and no other call is under way', () => {
    const { plan } = planOf(10, 20);
    expect(plan.isTime(0, { slots: 0, ahead: 0 }, false)).toBe(false);
    expect(plan.isTime(1, { slots: 0, ahead: 0 }, false)).toBe(true);
    expect(plan.isTime(0, { slots: 1, ahead: 0 }, false)).toBe(true);
    // What nothing has ended for is not wanted yet.
    expect(plan.isTime(0, { slots: 0, ahead: 5 }, false)).toBe(false);
  });

  it('is when there is enough for a whole one, beside another call', () => {
    const { plan } = planOf(10, 20);
    expect(plan.isTime(4, { slots: 4, ahead: 0 }, true)).toBe(false);
    expect(plan.isTime(5, { slots: 0, ahead: 0 }, true)).toBe(true);
    expect(plan.isTime(0, { slots: 5, ahead: 0 }, true)).toBe(true);
  });

  it('is never for nothing but what is taken ahead, where the last call found less than it wanted', () => {
    const { plan } = planOf(10, 1);
    const ahead = { slots: 0, ahead: 15 };
    expect(plan.isTime(0, ahead, true)).toBe(false);
    plan.brought(15, { slots: 10, ahead: 5 });
    expect(plan.isTime(0, ahead, true)).toBe(true);
    // One that only ended jobs says nothing of that.
    plan.brought(0, { slots: 0, ahead: 0 });
    expect(plan.isTime(0, ahead, true)).toBe(true);
    plan.brought(14, ahead);
    expect(plan.isTime(0, ahead, true)).toBe(false);
  });
});
