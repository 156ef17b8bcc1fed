// @ts-check
import { join } from 'node:path';
import { supervise } from '../process/supervise.mjs';
import { root } from '../workspace/root.mjs';
import { copyLabelled, labelOf, usesColours } from './labelled-output.mjs';

/**
 * @typedef {object} Application
 * @property {string} name
 * @property {string} url
 * @property {Promise<import('../process/supervise.d.mts').ProcessExit>} exited
 * @property {() => Promise<unknown>} stop
 */

const graceMs = 30_000; // As long as the worker may take to finish the jobs it has begun.
const graceWithoutUs = 5_000; // Redis is going as well: there is little left to wait for.

/**
 * Starts one of the built applications with its log on ours.
 *
 * @param {{ name: string, colour: number, script: string, port: number, env: NodeJS.ProcessEnv }} options
 * @returns {Promise<Application>}
 */
export async function startApplication({ name, colour, script, port, env }) {
  const path = join(root, script);
  const child = await supervise({
    command: process.execPath,
    args: [path],
    cwd: root,
    env: { ...process.env, ...env, ...(usesColours() ? {} : { NO_COLOR: '1' }) },
    marker: path,
    pidFile: pidFileOf(name),
    graceMs: graceWithoutUs,
  });
  const label = labelOf(name, colour);
  for (const stream of [child.stdout, child.stderr]) if (stream) copyLabelled(stream, label);
  return { name, url: `http://localhost:${port}`, exited: child.exited, stop: () => child.stop(graceMs) };
}

/** @param {string} name */
export function pidFileOf(name) {
  return join(root, '.run', name, 'pid.json');
}
