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
      numPendingTests: 0,
      numTodoTests: 0,
      testResults: [],
    };
    writeFileSync(file, JSON.stringify({ ...empty, ...content }));
    return file;
  }

  it('counts the tests of a report, and names those that failed', () => {
    const testResults = [
      {
        name: '/a.spec.ts',
        status: 'failed',
        assertionResults: [
          { status: 'passed', fullName: 'adds' },
          { status: 'failed', fullName: 'subtracts' },
          { status: 'failed', fullName: 'divides' },
        ],
      },
    ];
    const file = report({ numPassedTests: 7, numPendingTests: 1, numTodoTests: 3, testResults });

    expect(countTests('unit', file, false)).toEqual({
      passed: 7,
      failed: 2,
      skipped: 4,
      failures: ['unit: subtracts', 'unit: divides'],
    });
  });

  it('counts a test file that could not be loaded as a failure', () => {
    const testResults = [{ name: '/a.spec.ts', status: 'failed', assertionResults: [] }];
    const file = report({ numPassedTests: 7, testResults });

    expect(countTests('unit', file, false)).toEqual({
      passed: 7,
      failed: 1,
      skipped: 0,
      failures: ['unit: /a.spec.ts'],
    });
  });

  it('believes an exit code that says more than the tests do', () => {
    expect(countTests('unit', report({ numPassedTests: 7 }), false)).toEqual({
      passed: 7,
      failed: 1,
      skipped: 0,
      failures: ['unit'],
    });
  });

  it('counts a run that wrote no report as one failure', () => {
    expect(countTests('unit', join(folder, 'missing.json'), true)).toEqual({
      passed: 0,
      failed: 1,
      skipped: 0,
      failures: ['unit'],
    });
  });

  it('sums steps and tests', () => {
    const tests = { passed: 5, failed: 1, skipped: 2, failures: ['unit: divides'] };

    expect(sum([countStep('lint', true), countStep('format', false), tests])).toEqual({
      passed: 6,
      failed: 2,
      skipped: 2,
      failures: ['format', 'unit: divides'],
    });
  });
});
