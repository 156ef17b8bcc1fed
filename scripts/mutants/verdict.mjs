// @ts-check

/**
 * @typedef {object} FileResult of Vitest's JSON report
 * @property {string} name
 * @property {string} status
 * @property {number} startTime
 * @property {number} endTime
 * @property {{ status: string, duration?: number | null }[]} assertionResults
 *
 * @typedef {object} Failure
 * @property {string[]} files  that failed
 * @property {boolean} isPlain whether an assertion failed at once: no wait was too short
 */

/** What fails within this has not waited for anything in vain: whatever tests wait for has longer. */
const PLAIN_MS = 1_000;

/**
 * The failure of a run that did not pass. Without a failed file in the report the run itself broke, or was ended.
 *
 * @param {readonly FileResult[]} results
 * @returns {Failure}
 */
export function failureOf(results) {
  const failed = results.filter(({ status }) => status === 'failed');
  return { files: failed.map(({ name }) => name), isPlain: failed.some(isPlain) };
}

/** @param {FileResult} result */
function isPlain({ assertionResults, startTime, endTime }) {
  const failed = assertionResults.filter(({ status }) => status === 'failed');
  // A file that does not load, or whose hooks fail, has no failed test.
  if (failed.length === 0) return endTime - startTime < PLAIN_MS;
  return failed.some(({ duration }) => (duration ?? Infinity) < PLAIN_MS);
}
