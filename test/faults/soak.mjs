// @ts-check
/** `npm run soak -- --seed 7 --minutes 5`: chaos over real processes, then the ledger; exit 1 when a promise is broken. */
import { parseArgs } from 'node:util';
import { runStep } from '../../scripts/process/step.mjs';
import { root } from '../../scripts/workspace/root.mjs';
import { join } from 'node:path';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
    minutes: { type: 'string', default: '1.5' },
  },
});
const [seed, minutes] = [Number(values.seed), Number(values.minutes)];
if (!Number.isInteger(seed) || !(minutes > 0)) {
  console.error('usage: npm run soak -- [--seed WHOLE_NUMBER] [--minutes NUMBER]');
  process.exit(2);
}

const passed = await runStep(
  process.execPath,
  [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--project', 'soak', '--reporter=default'],
  {
    cwd: root,
    env: { ...process.env, SCALR_SOAK_SEED: String(seed), SCALR_SOAK_MINUTES: String(minutes) },
  },
);
process.exit(passed ? 0 : 1);
