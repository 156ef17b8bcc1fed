// @ts-check
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runStep } from '../process/step.mjs';
import { npm } from '../workspace/npm.mjs';
import { root } from '../workspace/root.mjs';
import { countStep, countTests } from './totals.mjs';

/**
 * @typedef {import('./plan.mjs').Step} Step
 * @typedef {import('./plan.mjs').Stage} Stage
 * @typedef {import('./totals.mjs').Totals} Totals
 *
 * @typedef {object} Surroundings
 * @property {NodeJS.ProcessEnv} env
 * @property {string} reports     folder for vitest's reports
 * @property {AbortSignal} signal
 */

/**
 * Runs the stages in order, each to its end: one failure does not hide the next one.
 *
 * @param {Stage[]} stages
 * @param {Surroundings} surroundings
 * @returns {Promise<Totals[]>}
 */
export async function runPlan(stages, surroundings) {
  const totals = [];
  for (const lanes of stages) {
    const isAlone = lanes.length === 1;
    const ends = await Promise.all(lanes.map((lane) => runLane(lane, surroundings, isAlone)));
    totals.push(...ends.flatMap((end) => end.totals));
    if (ends.some(({ decided }) => decided)) break;
  }
  return totals;
}

/**
 * Runs the steps of a lane one after the other.
 *
 * @param {Step[]} lane
 * @param {Surroundings} surroundings
 * @param {boolean} isAlone whether its output can be shown as it comes
 * @returns {Promise<{ totals: Totals[], decided: boolean }>} decided: nothing more makes sense
 */
async function runLane(lane, surroundings, isAlone) {
  const totals = [];
  for (const step of lane) {
    const startedAt = Date.now();
    console.log(`\n=== ${step.title} ===`);
    const total = isAlone ? await run(step, surroundings) : await runAside(step, surroundings);
    totals.push(total);
    const seconds = ((Date.now() - startedAt) / 1_000).toFixed(1);
    console.log(`=== ${step.title} ${total.failed ? 'FAILED' : 'passed'} in ${seconds} s ===`);
    if (total.failed && step.decisive) return { totals, decided: true };
  }
  return { totals, decided: false };
}

/** Keeps the output of a step together, beside that of others. @param {Step} step @param {Surroundings} surroundings */
async function runAside(step, surroundings) {
  const file = join(surroundings.reports, `${step.title}.log`);
  const output = openSync(file, 'w');
  try {
    return await run(step, surroundings, output);
  } finally {
    closeSync(output);
    process.stdout.write(`\n${readFileSync(file, 'utf8')}`);
  }
}

/** @param {Step} step @param {Surroundings} surroundings @param {number} [output] @returns {Promise<Totals>} */
async function run(step, { env, reports, signal }, output) {
  const options = { cwd: root, env, signal, output };
  if (step.script) return countStep(step.title, await npm(['run', '--silent', step.script], signal, output));
  if (step.types) {
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    return countStep(step.title, await runStep(process.execPath, [compiler, '-p', step.types], options));
  }

  const projects = step.projects ?? [];
  const report = join(reports, `${step.title}.json`);
  const succeeded = await runStep(
    process.execPath,
    [
      [join(root, 'node_modules/vitest/vitest.mjs'), 'run'],
      projects.flatMap((project) => ['--project', project]),
      ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
      step.filters ?? [],
    ].flat(),
    options,
  );
  return countTests(step.title, report, succeeded);
}
