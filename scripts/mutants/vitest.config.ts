import { readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import base from '../../vitest.config.js';
import { root } from '../workspace/root.mjs';
import { apply, type Mutant } from './mutations.mjs';
import { withProbes, withReport } from './probes.mjs';
import { sources } from './tree.mjs';

const isRecording = process.env['SCALR_TEST_REACH_FILE'] !== undefined;
const mutant = readMutant();
/** Of a test, or hook, that has no limit of its own. */
const SLOW_MS = 20_000;

/** Changes what tests import, never what is on disk: an interrupted run leaves nothing behind. */
const change = {
  name: 'scalr-mutants',
  enforce: 'pre' as const,
  load(id: string): string | null {
    const path = id.split('?')[0] ?? id;
    if (!path.endsWith('.ts') || path.includes('node_modules')) return null;
    const text = () => readFileSync(path, 'utf8');
    if (/\.(?:int-)?spec\.ts$/.test(path))
      return isRecording ? withReport(slashes(root, path), text()) : null;
    const file = slashes(sources, path);
    if (file.startsWith('..')) return null;
    if (isRecording) return withProbes(file, text());
    return mutant?.file === file ? apply(text(), mutant) : null;
  },
};

const projects = (base.test?.projects ?? []) as TestProjectInlineConfiguration[];

export default defineConfig({
  root,
  test: { projects: projects.map(withChange) },
});

/** Settings of the root are repeated, for a project that extends it would read the root's file, without the change. */
function withChange({ test }: TestProjectInlineConfiguration): TestProjectInlineConfiguration {
  return {
    root,
    resolve: base.resolve,
    plugins: [change],
    test: {
      globals: base.test?.globals,
      isolate: base.test?.isolate,
      // Several run at a time: what fails for want of a processor tells nothing of the mutant.
      testTimeout: SLOW_MS,
      hookTimeout: SLOW_MS,
      ...test,
      setupFiles: isRecording ? [join(root, 'scripts/mutants/record.mjs')] : [],
    },
  };
}

function readMutant(): Mutant | undefined {
  const text = process.env['SCALR_TEST_MUTANT'];
  return text ? (JSON.parse(text) as Mutant) : undefined;
}

function slashes(from: string, path: string): string {
  return relative(from, path).replaceAll(sep, '/');
}
