// @ts-check
import { readFileSync } from 'node:fs';

/**
 * @typedef {object} Totals
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {string[]} skips what was skipped, by name
 * @property {string[]} failures what failed, by name: the last lines of a long run are all that some logs keep
 */

/** @param {Totals[]} parts @returns {Totals} */
export function sum(parts) {
  /** @type {Totals} */
  const total = { passed: 0, failed: 0, skipped: 0, skips: [], failures: [] };
  for (const part of parts) {
    total.passed += part.passed;
    total.failed += part.failed;
    total.skipped += part.skipped;
    total.skips.push(...part.skips);
    total.failures.push(...part.failures);
  }
  return total;
}

/** A step that is not made of tests counts as one. @param {string} title @param {boolean} succeeded @returns {Totals} */
export function countStep(title, succeeded) {
  return {
    passed: succeeded ? 1 : 0,
    failed: succeeded ? 0 : 1,
    skipped: 0,
    skips: [],
    failures: succeeded ? [] : [title],
  };
}

/**
 * @param {string} title of the step
 * @param {string} reportFile what vitest's JSON reporter wrote
 * @param {boolean} succeeded what its exit code said
 * @returns {Totals}
 */
export function countTests(title, reportFile, succeeded) {
  const report = readReport(reportFile);
  if (!report) return countStep(title, false); // It did not get as far as a report.

  const failures = report.testResults.flatMap(({ name, status, assertionResults }) => {
    const failedTests = assertionResults.filter((assertion) => assertion.status === 'failed');
    if (status === 'failed' && failedTests.length === 0) return [`${title}: ${name}`];
    return failedTests.map(({ fullName }) => `${title}: ${fullName}`);
  });
  // Vitest can fail without a failed test: an error between tests, or no test at all.
  if (!succeeded && failures.length === 0) failures.push(title);
  const skips = report.testResults.flatMap(({ assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'skipped' || status === 'pending' || status === 'todo')
      .map(({ fullName }) => `${title}: ${fullName}`),
  );
  return {
    passed: report.numPassedTests,
    failed: failures.length,
    skipped: skips.length,
    skips,
    failures,
  };
}

/**
 * @param {string} file
 * @returns {{
 *   numPassedTests: number,
 *   testResults: { name: string, status: string, assertionResults: { status: string, fullName: string }[] }[],
 * } | undefined}
 */
function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
