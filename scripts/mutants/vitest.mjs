// @ts-check
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runStep } from '../process/step.mjs';
import { root } from '../workspace/root.mjs';
import { failureOf } from './verdict.mjs';

/**
 * @typedef {import('./choice.mjs').Reach} Reach
 *
 * @typedef {object} Surroundings
 * @property {NodeJS.ProcessEnv} env
 * @property {string} dir     for reports
 * @property {AbortSignal} signal
 */

const PROJECTS = ['unit', 'integration', 'integration-alone'];
/** A mutant that hangs is noticed by this alone, so it is far from what a slow machine needs. */
const PATIENCE = { ms: 30_000, factor: 3 };

/**
 * What each of these test files reaches, all of them when none is named. Files that fail as the code is are left out.
 *
 * @param {readonly string[]} tests
 * @param {Surroundings} surroundings
 * @returns {Promise<{ reaches: Reach[], failed: string[] }>}
 */
export async function record(tests, { env, dir, signal }) {
  const reachFile = join(dir, 'reach.jsonl');
  const report = join(dir, 'reach.json');
  rmSync(reachFile, { force: true });
  rmSync(report, { force: true });
  await vitest([...tests], { report, dir, signal, env: { ...env, SCALR_TEST_REACH_FILE: reachFile } });
  if (!existsSync(reachFile) || !existsSync(report)) throw new Error(`no test ran; see ${dir}/vitest.log`);
  /** @type {{ testResults: import('./verdict.mjs').FileResult[] }} */
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  const failed = testResults.filter(({ status }) => status === 'failed').map(({ name }) => name);
  /** @type {Reach[]} */
  const all = readFileSync(reachFile, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return { reaches: all.filter(({ test }) => !failed.some((name) => name.endsWith(`/${test}`))), failed };
}

/**
 * Whether one of these test files notices the mutant. One that never ends is noticed too. A failure that took its time
 * counts only when the same files pass without the mutant, then and there: else it is the machine that they noticed.
 *
 * @param {import('./mutations.mjs').Mutant} mutant
 * @param {readonly Reach[]} tests
 * @param {Surroundings} surroundings
 * @returns {Promise<'killed' | 'survived' | 'undecided'>}
 */
export async function verdictOn(mutant, tests, { env, dir, signal }) {
  if (tests.length === 0) return 'survived';
  const names = tests.map(({ test }) => test);
  const limit = PATIENCE.ms + PATIENCE.factor * tests.reduce((total, { ms }) => total + ms, 0);
  const { file, start, end, text } = mutant;
  const changed = { ...env, SCALR_TEST_MUTANT: JSON.stringify({ file, start, end, text }) };
  const failure = await failureWithin(limit, names, { env: changed, dir, signal });
  if (!failure) return 'survived';
  if (failure.isPlain) return 'killed';
  const doubtful = failure.files.length > 0 ? failure.files : names;
  return (await failureWithin(limit, doubtful, { env, dir, signal })) ? 'undecided' : 'killed';
}

/** @param {number} limit milliseconds @param {readonly string[]} tests @param {Surroundings} surroundings */
async function failureWithin(limit, tests, { env, dir, signal }) {
  const report = join(dir, 'outcome.json');
  rmSync(report, { force: true });
  const late = AbortSignal.timeout(limit);
  try {
    const either = AbortSignal.any([signal, late]);
    if (await vitest(['--bail=1', ...tests], { report, dir, signal: either, env })) return undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (!late.aborted) throw error;
    return { files: [], isPlain: false };
  }
  return failureOf(existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')).testResults : []);
}

/** @param {string[]} args @param {Surroundings & { report: string }} surroundings */
async function vitest(args, { env, dir, signal, report }) {
  const output = openSync(join(dir, 'vitest.log'), 'w');
  const reporters = ['--reporter=json', `--outputFile=${report}`];
  const program = join(root, 'node_modules/vitest/vitest.mjs');
  const projects = PROJECTS.flatMap((project) => ['--project', project]);
  const config = ['--config', 'scripts/mutants/vitest.config.ts', '--no-file-parallelism'];
  try {
    return await runStep(process.execPath, [program, 'run', ...config, ...projects, ...reporters, ...args], {
      cwd: root,
      env,
      signal,
      output,
    });
  } finally {
    closeSync(output);
  }
}
