import { fromEngineKeep, keepRuleOf, longer, toEngineKeep } from './keep-rule.js';

const limits = (age: number, count: number) => ({ age, count });

describe('how long finished jobs are kept', () => {
  it('is what the definition says, else the app, else the default', () => {
    const app = { completed: { age: '1h', count: 5 } } as const;
    expect(keepRuleOf({ dead: { count: 7 } }, app)).toEqual({
      completed: limits(3_600_000, 5),
      dead: limits(14 * 86_400_000, 7),
    });
    expect(keepRuleOf({ completed: { count: 0 } }, app).completed).toEqual(limits(86_400_000, 0));
    expect(keepRuleOf(undefined, undefined)).toEqual({
      completed: limits(86_400_000, 1_000),
      dead: limits(14 * 86_400_000, 10_000),
    });
  });

  it('is the longer of two rules, each limit by itself', () => {
    const one = { completed: limits(1_000, 9), dead: limits(5_000, 1) };
    const other = { completed: limits(2_000, 3), dead: limits(4_000, 2) };
    const both = { completed: limits(2_000, 9), dead: limits(5_000, 2) };
    expect([longer(one, other), longer(other, one)]).toEqual([both, both]);
  });

  it('is carried by a job in whole seconds, and never shorter', () => {
    expect(toEngineKeep(limits(1_500, 3))).toEqual({ age: 2, count: 3 });
    expect(fromEngineKeep(toEngineKeep(limits(60_000, 3)))).toEqual(limits(60_000, 3));
  });

  it.each<[unknown, object | undefined]>([
    [undefined, undefined],
    [null, undefined],
    [true, limits(Infinity, 0)],
    [false, limits(Infinity, Infinity)],
    [0, limits(Infinity, 0)],
    [5, limits(Infinity, 5)],
    [-1, limits(Infinity, Infinity)],
    [{}, limits(Infinity, Infinity)],
    [{ age: 3 }, limits(3_000, Infinity)],
    [{ count: 2 }, limits(Infinity, 2)],
    [{ age: 3, count: -1 }, limits(3_000, Infinity)],
    [{ age: '3', count: '2' }, limits(Infinity, Infinity)],
  ])('is read from what other code gives to the engine: %o', (given, read) => {
    expect(fromEngineKeep(given)).toEqual(read);
  });
});
