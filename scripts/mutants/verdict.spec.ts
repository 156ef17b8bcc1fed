import { failureOf } from './verdict.mjs';

const file = (name: string, ...tests: [status: string, duration?: number | null][]) => ({
  name,
  status: tests.some(([status]) => status === 'failed') ? 'failed' : 'passed',
  startTime: 1_000,
  endTime: 61_000,
  assertionResults: tests.map(([status, duration]) => ({ status, duration })),
});

describe('a run that fails', () => {
  it('is plain when an assertion failed at once', () => {
    expect(failureOf([file('a', ['passed', 30_000]), file('b', ['passed', 5], ['failed', 12])])).toEqual({
      files: ['b'],
      isPlain: true,
    });
  });

  it('is not when all that failed had waited: a loaded machine fails such a test too', () => {
    const waited = file('a', ['failed', 10_020], ['failed', 5_000]);
    expect(failureOf([waited])).toEqual({ files: ['a'], isPlain: false });
    expect(failureOf([file('a', ['failed', null], ['failed'])])).toMatchObject({ isPlain: false });
    expect(failureOf([waited, file('b', ['failed', 12])])).toEqual({ files: ['a', 'b'], isPlain: true });
  });

  it('goes by the time of the file when no test of it failed', () => {
    const broken = { ...file('a', ['skipped']), status: 'failed' };
    expect(failureOf([broken])).toEqual({ files: ['a'], isPlain: false });
    expect(failureOf([{ ...broken, endTime: 1_100 }])).toEqual({ files: ['a'], isPlain: true });
  });

  it('is not plain when no file failed: the run itself broke', () => {
    expect(failureOf([])).toEqual({ files: [], isPlain: false });
    expect(failureOf([file('a', ['passed', 3])])).toEqual({ files: [], isPlain: false });
  });
});
