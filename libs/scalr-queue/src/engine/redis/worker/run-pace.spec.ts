import { RunPace } from './run-pace.js';

function paceOf(runs: number, ms: number) {
  const pace = new RunPace();
  const note = (count: number, took = ms) => {
    for (let run = 0; run < count; run++) pace.note(took);
  };
  note(runs);
  return { pace, note };
}

describe('the pace of runs', () => {
  it('is not known before 16 quick runs in a row', () => {
    const { pace, note } = paceOf(15, 0.5);
    expect(pace.ahead(10, 64)).toBe(0);
    note(1);
    expect(pace.ahead(10, 64)).toBe(20);
  });

  it('tells how many start within a millisecond, up to a bound', () => {
    expect(paceOf(16, 2).pace.ahead(10, 64)).toBe(5);
    expect(paceOf(16, 2).pace.ahead(1, 64)).toBe(0);
    expect(paceOf(16, 0).pace.ahead(1, 64)).toBe(64);
    expect(paceOf(16, 0).pace.ahead(1, 200)).toBe(100);
  });

  it('is forgotten with one run that is not quick', () => {
    const { pace, note } = paceOf(1_000, 0.5);
    note(1, 10);
    expect(pace.ahead(10, 64)).toBe(0);
    note(15);
    expect(pace.ahead(10, 64)).toBe(0);
    note(1);
    // Nothing of what was before counts.
    expect(pace.ahead(10, 64)).toBe(20);
  });

  it('follows the last runs', () => {
    const { pace, note } = paceOf(16, 0.5);
    note(200, 5);
    expect(pace.ahead(10, 64)).toBe(2);
  });

  it('has to be known for twice as long whenever it was wrong, up to 4,096 runs', () => {
    const { pace, note } = paceOf(16, 0.5);
    pace.wasWrong();
    expect(pace.ahead(10, 64)).toBe(0);
    note(31);
    expect(pace.ahead(10, 64)).toBe(0);
    note(1);
    expect(pace.ahead(10, 64)).toBe(20);
    for (let times = 0; times < 20; times++) pace.wasWrong();
    note(4_095);
    expect(pace.ahead(10, 64)).toBe(0);
    note(1);
    expect(pace.ahead(10, 64)).toBe(20);
    // That was right for long enough.
    pace.wasWrong();
    note(31);
    expect(pace.ahead(10, 64)).toBe(0);
    note(1);
    expect(pace.ahead(10, 64)).toBe(20);
  });
});
