import { sparkline } from './sparkline.js';

it.each([
  [[0, 1, 2, 4, 7], '▁▂▃▅█'],
  [[0, 1, 1_000], '▁▂█'],
  [[null, 0, null], '·▁·'],
  [[0, 0], '▁▁'],
  [[], ''],
])('draws %j as %s', (values, drawn) => expect(sparkline(values)).toBe(drawn));
