// @ts-check
import { basename } from 'node:path';
import { runStep } from '../process/step.mjs';
import { root } from './root.mjs';

/**
 * Runs npm in the workspace with its output on ours.
 *
 * @param {string[]} args
 * @param {AbortSignal} [signal] ends npm and all it started
 * @returns {Promise<boolean>} whether it succeeded
 */
export function npm(args, signal) {
  const self = process.env['npm_execpath']; // Set when npm itself started us: use the same one.
  return self && basename(self).startsWith('npm')
    ? runStep(process.execPath, [self, ...args], { cwd: root, signal })
    : runStep('npm', args, { cwd: root, signal });
}
