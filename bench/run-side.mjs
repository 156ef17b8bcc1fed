// @ts-check
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { pythonCommand } from './python/python.mjs';
import { sides } from './rows.mjs';

const script = fileURLToPath(new URL('side-process.mjs', import.meta.url));
const PATIENCE = 180_000;

/** As each process of a measurement has it. */
export const environment = { ...process.env, NODE_ENV: 'production', NODE_NO_WARNINGS: '1' };

/**
 * One measurement in a process of its own.
 *
 * @param {string} side @param {string} measure @param {import('./stores.mjs').Store} store @param {number} [scale]
 * @param {string} [url] by which the store is reached, where not by its own
 * @returns {Promise<any>} what it measured
 */
export async function runSide(side, measure, store, scale = 1, url = store.url) {
  const isPython = sides.some(({ id, runtime }) => id === side && runtime === 'python');
  const [command = '', ...begin] = isPython ? pythonCommand : [process.execPath, script];
  const args = [side, measure, url, scale, store.url, store.pid].map(String);
  const child = spawn(command, [...begin, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: environment,
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  const [code] = await once(child, 'close');
  clearTimeout(timer);
  if (code !== 0) throw new Error(`${measure} of ${side} ended with ${code ?? 'a signal'}`);
  return JSON.parse(output.trim().split('\n').at(-1) ?? '');
}
