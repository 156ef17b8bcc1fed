import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countStep, countTests, sum } from './totals.mjs';

describe('the totals of npm test', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'scalr-totals-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function report(content: object): string {
    const file = join(folder, 'report.json');
    const empty = {
      numPassedTests: 0,
      numFailedTests: 0,
      numPendingTests: 0,
      numTodoTests: 0,
      testResults: [],
    };
    writeFileSync(file, JSON.stringify({ ...empty, ...content }));
    return file;
  }

  it('counts the tests of a report', () => {
    const file = report({ numPassedTests: 7, numFailedTests: 2, numPendingTests: 1, numTodoTests: 3 });

    expect(countTests(file, false)).toEqual({ passed: 7, failed: 2, skipped: 4 });
  });

  it('counts a test file that could not be loaded as a failure', () => {
    const file = report({ numPassedTests: 7, testResults: [{ status: 'failed', assertionResults: [] }] });

    expect(countTests(file, false)).toEqual({ passed: 7, failed: 1, skipped: 0 });
  });

  it('counts a file with failed tests only by its tests', () => {
    const testResults = [
      { status: 'failed', assertionResults: [{ status: 'passed' }, { status: 'failed' }] },
    ];
    const file = report({ numPassedTests: 1, numFailedTests: 1, testResults });

    expect(countTests(file, false)).toEqual({ passed: 1, failed: 1, skipped: 0 });
  });

  it('believes an exit code that says more than the tests do', () => {
    expect(countTests(report({ numPassedTests: 7 }), false)).toEqual({ passed: 7, failed: 1, skipped: 0 });
  });

  it('counts a run that wrote no report as one failure', () => {
    expect(countTests(join(folder, 'missing.json'), true)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });

  it('sums steps and tests', () => {
    expect(sum([countStep(true), countStep(false), { passed: 5, failed: 0, skipped: 2 }])).toEqual({
      passed: 6,
      failed: 1,
      skipped: 2,
    });
  });
});
