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
      testResults: [],
    };
    writeFileSync(file, JSON.stringify({ ...empty, ...content }));
    return file;
  }

  it('counts the tests of a report, and names those that failed and those that were skipped', () => {
    const testResults = [
      {
        name: '/a.spec.ts',
        status: 'failed',
        assertionResults: [
          { status: 'passed', fullName: 'adds' },
          { status: 'failed', fullName: 'subtracts' },
          { status: 'failed', fullName: 'divides' },
          { status: 'skipped', fullName: 'needs more' },
          { status: 'todo', fullName: 'multiplies' },
        ],
      },
    ];
    const file = report({ numPassedTests: 7, testResults });

    expect(countTests('unit', file, false)).toEqual({
      passed: 7,
      failed: 2,
      skipped: 2,
      skips: ['unit: needs more', 'unit: multiplies'],
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
      skips: [],
      failures: ['unit: /a.spec.ts'],
    });
  });

  it('believes an exit code that says more than the tests do', () => {
    expect(countTests('unit', report({ numPassedTests: 7 }), false)).toEqual({
      passed: 7,
      failed: 1,
      skipped: 0,
      skips: [],
      failures: ['unit'],
    });
  });

  it('counts a run that wrote no report as one failure', () => {
    expect(countTests('unit', join(folder, 'missing.json'), true)).toEqual({
      passed: 0,
      failed: 1,
      skipped: 0,
      skips: [],
      failures: ['unit'],
    });
  });

  it('sums steps and tests', () => {
    const tests = {
      passed: 5,
      failed: 1,
      skipped: 1,
      skips: ['unit: needs more'],
      failures: ['unit: divides'],
    };

    expect(sum([countStep('lint', true), countStep('format', false), tests])).toEqual({
      passed: 6,
      failed: 2,
      skipped: 1,
      skips: ['unit: needs more'],
      failures: ['format', 'unit: divides'],
    });
  });
});
