// @ts-check
/** `npm test`: everything that must hold, on a fresh clone with nothing but node and npm. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { interruption, Interrupted } from './process/interruption.mjs';
import { findPrometheus } from './prometheus/find.mjs';
import { unexcused } from './test/needs.mjs';
import { planOf, usage } from './test/plan.mjs';
import { runPlan } from './test/run-plan.mjs';
import { serversForTests } from './test/servers.mjs';
import { countStep, sum } from './test/totals.mjs';
import { installIfNeeded } from './workspace/install.mjs';
import { requireNode } from './workspace/node-version.mjs';
import { root } from './workspace/root.mjs';

const args = process.argv.slice(2);
if (args.includes('--help') || args.includes('-h')) {
  console.log(usage);
  process.exit();
}

process.chdir(root);
const interrupted = interruption();
const total = sum(await runAll());
for (const skip of total.skips) console.log(`skipped: ${skip}`);
if (process.env['SCALR_TEST_STRICT'] === '1') {
  const unexcusedSkips = await unexcused(total.skips);
  total.failed += unexcusedSkips.length;
  total.failures.push(
    ...unexcusedSkips.map((skip) => `${skip}: skipped, though this machine has what it needs`),
  );
}
for (const failure of total.failures) console.log(`failed: ${failure}`);
if (total.skipped > 0) console.log(`\n${total.skipped} skipped`);
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exit(interrupted.aborted ? 130 : total.failed > 0 ? 1 : 0);

/** @returns {Promise<import('./test/totals.mjs').Totals[]>} */
async function runAll() {
  const workshop = await mkdtemp(join(tmpdir(), 'scalr-test-'));
  let stopServers = async () => {};
  try {
    requireNode();
    const plan = planOf(args);
    await installIfNeeded(interrupted);
    const env = { ...process.env };
    if (plan.needsServers) {
      const servers = await serversForTests(workshop);
      stopServers = servers.stop;
      Object.assign(env, servers.env, await prometheusForTests());
      console.log(servers.origins.join('\n'));
    }
    return await runPlan(plan.stages, { env, reports: workshop, signal: interrupted });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    console.error(error instanceof Interrupted ? `\n${message}` : `\nnpm test: ${message}`);
    return [countStep('set-up', false)];
  } finally {
    await stopServers();
    await rm(workshop, { recursive: true, force: true });
  }
}

/** The alert rules are tested by the tools of Prometheus itself, where they can be had. */
async function prometheusForTests() {
  const tools = await findPrometheus(console.log);
  return tools ? { SCALR_TEST_PROMTOOL: tools.promtool, SCALR_TEST_PROMETHEUS: tools.server } : {};
}
