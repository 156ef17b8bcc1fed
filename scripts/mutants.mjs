// @ts-check
/** `npm run mutants`: puts small faults into the library, one at a time, and tells which ones no test notices. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { carriersOf, folderOf, sample, testsFor } from './mutants/choice.mjs';
import { commandOf, usage } from './mutants/command.mjs';
import { mutantsOf } from './mutants/mutations.mjs';
import { functionAt } from './mutants/probes.mjs';
import { reachOf } from './mutants/reach.mjs';
import {
  complaints,
  nameOf,
  scoreOf,
  staleEquivalents,
  updated,
  withoutEquivalents,
} from './mutants/score.mjs';
import { sourceFiles, sourceOf, testFiles } from './mutants/tree.mjs';
import { verdictOn } from './mutants/vitest.mjs';
import { interruption } from './process/interruption.mjs';
import { serversForTests } from './test/servers.mjs';
import { root } from './workspace/root.mjs';

const BASELINE = join(root, 'test/mutants/baseline.json');
const EQUIVALENT = join(root, 'test/mutants/equivalent.json');
/** Of test time that a mutant gets. */
const BUDGET_MS = 25_000;

const files = sourceFiles();
const existing = [...new Set(files.map((file) => folderOf(file, files)))].toSorted();
const command = readCommand();
if (command.help) {
  console.log(usage);
  process.exit();
}
process.chdir(root);
const signal = interruption();
const dir = await mkdtemp(join(tmpdir(), 'scalr-mutants-'));
const servers = await serversForTests(dir);
let holds = false;
try {
  holds = await run({ ...process.env, ...servers.env });
} catch (error) {
  if (!signal.aborted) throw error;
} finally {
  await servers.stop();
  await rm(dir, { recursive: true, force: true });
}
process.exit(signal.aborted ? 130 : holds ? 0 : 1);

function readCommand() {
  try {
    return commandOf(process.argv.slice(2), existing);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return process.exit(2);
  }
}

/** @param {NodeJS.ProcessEnv} env @returns {Promise<boolean>} whether the scores hold */
async function run(env) {
  /** @type {import('./mutants/score.mjs').Equivalent[]} */
  const equivalents = JSON.parse(await readFile(EQUIVALENT, 'utf8'));
  const all = files.flatMap((file) => mutantsOf(file, sourceOf(file)));
  const stale = staleEquivalents(all, equivalents);
  for (const { file, what } of stale)
    console.log(`no such mutant, though it is named equivalent: ${file}  ${what}`);

  const reaches = await reachOf({ env, dir, signal }, testFiles(), command);
  /** @type {import('./mutants/score.mjs').Scores} */
  const scores = {};
  for (const folder of command.folders) {
    const ofFolder = all.filter(({ file }) => folderOf(file, files) === folder);
    const chosen = sample(withoutEquivalents(ofFolder, equivalents), command.size, command.seed);
    if (chosen.length === 0) continue;
    const startedAt = Date.now();
    const outcomes = await outcomesOf(chosen, reaches, env);
    scores[folder] = scoreOf(outcomes);
    const seconds = Math.round((Date.now() - startedAt) / 1_000);
    console.log(`\n${folder}: ${scores[folder]} % of ${chosen.length} (of ${ofFolder.length}), ${seconds} s`);
    for (const { mutant, verdict } of outcomes)
      if (verdict !== 'killed') console.log(`  ${verdict}  ${nameOf(mutant)}`);
  }
  return (await areKept(scores)) && stale.length === 0;
}

/**
 * @param {import('./mutants/mutations.mjs').Mutant[]} mutants
 * @param {import('./mutants/choice.mjs').Reach[]} reaches
 * @param {NodeJS.ProcessEnv} env
 */
async function outcomesOf(mutants, reaches, env) {
  /** @type {import('./mutants/score.mjs').Outcome[]} */
  const outcomes = [];
  const waiting = [...mutants];
  const sources = new Map(files.map((file) => [file, sourceOf(file)]));
  const judge = async (
    /** @type {import('./mutants/mutations.mjs').Mutant} */ mutant,
    /** @type {number} */ lane,
  ) => {
    const own = join(dir, `lane-${lane}`);
    await mkdir(own, { recursive: true });
    const within = functionAt(mutant.file, sourceOf(mutant.file), mutant.start);
    const tests = testsFor(mutant, within, reaches, BUDGET_MS, carriersOf(mutant.file, sources));
    return verdictOn(mutant, tests, { env, dir: own, signal });
  };
  const lane = async (/** @type {number} */ number) => {
    for (let mutant = waiting.shift(); mutant; mutant = waiting.shift())
      outcomes.push({ mutant, verdict: await judge(mutant, number) });
  };
  await Promise.all(Array.from({ length: command.lanes }, (_, number) => lane(number)));
  // Once more, with the machine for themselves.
  for (const outcome of outcomes)
    if (outcome.verdict === 'undecided') outcome.verdict = await judge(outcome.mutant, 0);
  return outcomes;
}

/** @param {import('./mutants/score.mjs').Scores} scores */
async function areKept(scores) {
  const baseline = JSON.parse(await readFile(BASELINE, 'utf8'));
  const wrong = command.isStandard && !command.update ? complaints(scores, baseline) : [];
  for (const line of wrong) console.error(line);
  if (command.update) {
    await writeFile(BASELINE, `${JSON.stringify(updated(scores, baseline, existing), null, 2)}\n`);
  }
  return wrong.length === 0;
}
