import { RatePace } from './rate.pace.js';

describe('RatePace', () => {
  it('lets so many come a second, a few at a time', () => {
    let now = 0;
    const pace = new RatePace(50, () => now);
    expect([pace.slice, pace.delay]).toEqual([10, 0]);
    pace.count(10);
    expect(pace.delay).toBe(200);
    now = 150;
    expect(pace.delay).toBe(50);
    now = 200;
    pace.count(5);
    expect(pace.delay).toBe(100);
  });

  it('makes nothing up that was not used', () => {
    let now = 0;
    const pace = new RatePace(10, () => now);
    now = 60_000;
    pace.count(2);
    expect(pace.delay).toBe(200);
  });

  it('lets one come at a time where less than one a second may, and 100 at the most', () => {
    const slow = new RatePace(0.5, () => 0);
    slow.count(1);
    expect([slow.slice, slow.delay]).toEqual([1, 2_000]);
    expect(new RatePace(10_000).slice).toBe(100);
  });

  it('lets all come without a rate', () => {
    const pace = new RatePace(undefined, () => 0);
    pace.count(1_000);
    expect([pace.slice, pace.delay]).toEqual([100, 0]);
  });
});
