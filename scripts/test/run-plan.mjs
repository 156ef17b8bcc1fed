// @ts-check
import { join } from 'node:path';
import { runStep } from '../process/step.mjs';
import { npm } from '../workspace/npm.mjs';
import { root } from '../workspace/root.mjs';
import { countStep, countTests } from './totals.mjs';

/**
 * @typedef {import('./plan.mjs').Step} Step
 * @typedef {import('./totals.mjs').Totals} Totals
 *
 * @typedef {object} Surroundings
 * @property {NodeJS.ProcessEnv} env
 * @property {string} reports     folder for vitest's reports
 * @property {AbortSignal} signal
 */

/**
 * Runs the steps in order, each to its end: one failure does not hide the next one.
 *
 * @param {Step[]} steps
 * @param {Surroundings} surroundings
 * @returns {Promise<Totals[]>}
 */
export async function runPlan(steps, surroundings) {
  const totals = [];
  for (const step of steps) {
    const startedAt = Date.now();
    console.log(`\n=== ${step.title} ===`);
    const total = await run(step, surroundings);
    totals.push(total);
    const seconds = ((Date.now() - startedAt) / 1_000).toFixed(1);
    console.log(`=== ${step.title} ${total.failed ? 'FAILED' : 'passed'} in ${seconds} s ===`);
    if (total.failed && step.decisive) break;
  }
  return totals;
}

/** @param {Step} step @param {Surroundings} surroundings @returns {Promise<Totals>} */
async function run(step, { env, reports, signal }) {
  const options = { cwd: root, env, signal };
  if (step.script) return countStep(await npm(['run', '--silent', step.script], signal));
  if (step.types) {
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    return countStep(await runStep(process.execPath, [compiler, '-p', step.types], options));
  }

  const project = step.project ?? '';
  const report = join(reports, `${project}.json`);
  const succeeded = await runStep(
    process.execPath,
    [
      [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--project', project],
      ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
      step.filters ?? [],
    ].flat(),
    options,
  );
  return countTests(report, succeeded);
}
