// @ts-check
import { basename } from 'node:path';
import { runStep } from '../process/step.mjs';
import { root } from './root.mjs';

/**
 * Runs npm in the workspace.
 *
 * @param {string[]} args
 * @param {AbortSignal} [signal] ends npm and all it started
 * @param {number} [output] an open file for its output; ours by default
 * @returns {Promise<boolean>} whether it succeeded
 */
export function npm(args, signal, output) {
  const self = process.env['npm_execpath']; // Set when npm itself started us: use the same one.
  return self && basename(self).startsWith('npm')
    ? runStep(process.execPath, [self, ...args], { cwd: root, signal, output })
    : runStep('npm', args, { cwd: root, signal, output });
}
