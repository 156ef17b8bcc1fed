import { describe, expect, it } from 'vitest';
import { HEIGHT, inWords, pathsOf, plot, rowsOf, type Series, WIDTH } from './plot.js';

const MINUTE = 60_000;
const line = (...values: (number | null)[]): Series => ({ title: 'done', tone: 'good', values });
const frame = { t0: 0, step: MINUTE };
/** Ten wide, and upside down, as a picture counts from its top. */
const paths = (...values: (number | null)[]) =>
  pathsOf(
    values,
    (cell) => cell * 10,
    (value) => -value,
  );

describe('lines', () => {
  it('begin anew after a gap, and nothing is drawn in it', () => {
    expect(paths(null, 1, 2, null, null, 3, null)).toEqual([
      'M10.0 -1.0H20.0L20.0 -2.0H30.0',
      'M50.0 -3.0H60.0',
    ]);
  });

  it('tell nothing done from nothing known', () => {
    expect(paths(0, 0)).toHaveLength(1);
    expect(paths(null, null)).toEqual([]);
    expect(paths()).toEqual([]);
  });

  it('share a scale that has room for the highest value, and one where all is nothing', () => {
    const { highest, cells, lines } = plot(frame, [line(0, 100), line(50, null)]);
    expect([highest, cells]).toEqual([100, 2]);
    expect(lines.map(({ paths: all }) => all)).toEqual([
      [`M0.0 ${HEIGHT - 1}.0H360.0L360.0 3.0H720.0`],
      [`M0.0 46.0H360.0`],
    ]);
    expect(plot(frame, [line(0, null)]).lines[0]!.paths).toEqual([`M0.0 ${HEIGHT - 1}.0H360.0`]);
    expect(plot(frame, [])).toEqual({ cells: 1, highest: 0, lines: [], marks: [] });
  });
});

it('marks a deploy where it was, within a cell too', () => {
  const marks = [
    { at: 1_000_000 + 1.5 * MINUTE, text: '1.4.1' },
    { at: 1_000_000, text: '1.4.0' },
  ];
  expect(plot({ t0: 1_000_000, step: MINUTE, marks }, [line(1, 1, 1)]).marks).toEqual([
    { x: WIDTH / 2, text: '1.4.1' },
    { x: 0, text: '1.4.0' },
  ]);
});

describe('the table', () => {
  it('has the most of the cells that share a row, and says where nothing is known', () => {
    const values = Array.from({ length: 48 }, (_, cell) => (cell === 2 || cell === 3 ? null : cell));
    const { length, rows } = rowsOf({ t0: 5, step: MINUTE }, [line(...values), line(7)]);
    expect([length, rows.length]).toEqual([2 * MINUTE, 24]);
    expect(rows.slice(0, 3)).toEqual([
      { from: 5, most: [1, 7] },
      { from: 5 + 2 * MINUTE, most: [null, null] },
      { from: 5 + 4 * MINUTE, most: [5, null] },
    ]);
    expect(rows.at(-1)).toEqual({ from: 5 + 46 * MINUTE, most: [47, null] });
  });

  it('leaves no cell out where they do not fill the last row', () => {
    const { rows } = rowsOf(frame, [line(...Array.from({ length: 49 }, (_, cell) => cell))]);
    expect(rows.map(({ most }) => most[0])).toEqual(
      Array.from({ length: 17 }, (_, row) => Math.min(row * 3 + 2, 48)),
    );
  });
});

it('says a line in words, with its gaps', () => {
  const count = (value: number) => `${value} jobs`;
  expect(inWords(line(3, null, 2), count)).toBe(
    'done: at most 3 jobs, last 2 jobs, 1 of 3 cells without a worker',
  );
  expect(inWords(line(0), count)).toBe('done: at most 0 jobs, last 0 jobs');
  expect(inWords(line(null), count)).toBe('done: nothing is known');
});
