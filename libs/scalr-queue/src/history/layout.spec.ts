import { COARSE, DAY, expiryOf, MINUTE, numberAt, placeOf, WAIT_BOUNDS, waitClass } from './layout.js';

const NOON = Date.parse('2026-05-01T12:00:00Z');

describe('the layout of the history', () => {
  it('has a cell for each minute of a day, and begins a new string with the next day', () => {
    const { day } = placeOf(NOON, MINUTE);
    expect(placeOf(NOON, MINUTE)).toEqual({ day, cell: 720 });
    expect(placeOf(NOON, COARSE.step)).toEqual({ day, cell: 72 });
    const midnight = (day + 1) * DAY;
    expect(placeOf(midnight - 1, MINUTE)).toEqual({ day, cell: 1_439 });
    expect(placeOf(midnight, MINUTE)).toEqual({ day: day + 1, cell: 0 });
  });

  it.each([-1, -DAY * 40_000, 0.5, DAY * 1e6 + 1, Number.MAX_SAFE_INTEGER, NaN, Infinity])(
    'has no cell outside of a string, whatever a clock says: %s',
    (at) => {
      const { day, cell } = placeOf(at, MINUTE);
      expect(Number.isInteger(day)).toBe(true);
      expect(cell).toBeGreaterThanOrEqual(0);
      expect(cell).toBeLessThan(1_440);
    },
  );

  it('keeps a string until its last cell is a day old, and an hour more', () => {
    const begin = placeOf(NOON, DAY).day * DAY;
    expect(expiryOf(begin, 1)).toBe(49 * 60 * MINUTE);
    expect(expiryOf(begin + DAY - 1, 1)).toBe(25 * 60 * MINUTE + 1);
    expect(expiryOf(begin, 14)).toBe(15 * DAY + 60 * MINUTE);
  });

  it('has a class for every wait', () => {
    expect([0, 50, 51, 60_000, 3_600_001, Infinity].map(waitClass)).toEqual([
      0,
      0,
      1,
      7,
      WAIT_BOUNDS.length - 1,
      WAIT_BOUNDS.length - 1,
    ]);
  });

  it('reads numbers of any width as Redis packs them, and 0 behind the end', () => {
    const bytes = Uint8Array.of(0b1010_0000, 0, 1, 2, 255);
    expect([0, 1, 2, 40].map((index) => numberAt(bytes, 1, index))).toEqual([1, 0, 1, 0]);
    expect(numberAt(bytes, 24, 0)).toBe(0xa0_00_01);
    expect(numberAt(bytes, 32, 0)).toBe(0xa0_00_01_02);
    expect(numberAt(bytes, 32, 1)).toBe(0xff_00_00_00);
  });
});
