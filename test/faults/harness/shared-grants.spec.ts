import { mostAtATime, mostWithin } from './shared-grants.js';

const grant = (asked: number, began: number, ended = began) => ({ asked, began, ended });

it('counts those that run at the same time', () => {
  expect(mostAtATime([])).toBe(0);
  expect(mostAtATime([grant(0, 1, 5), grant(0, 2, 3), grant(0, 3, 4), grant(0, 6, 7)])).toBe(2);
});

it('counts those that were granted within a time for sure', () => {
  const grants = [grant(0, 2), grant(1, 4), grant(3, 12), grant(9, 11), grant(10, 13)];
  expect(mostWithin(grants, 4)).toBe(2);
  expect(mostWithin(grants, 3)).toBe(1);
  expect(mostWithin(grants, 100)).toBe(5);
});
