// @ts-check
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pythonCommand } from './python/python.mjs';
import { sides } from './rows.mjs';

const script = fileURLToPath(new URL('side-process.mjs', import.meta.url));
const PATIENCE = 90_000;

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
  return run(
    command,
    [...begin, side, measure, url, scale, store.url, store.pid].map(String),
    `${measure} of ${side}`,
  );
}

/** What a script of Node prints as its last line, in JSON. @param {string} path @param {(string | number)[]} args @param {number} [patience] */
export const measureIn = (path, args, patience) =>
  run(
    process.execPath,
    [path, ...args].map(String),
    `${basename(path)} ${args.slice(0, 2).join(' ')}`,
    patience,
  );

/** @param {string} command @param {string[]} args @param {string} what @param {number} [patience] @returns {Promise<any>} */
async function run(command, args, what, patience = PATIENCE) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], env: environment });
  let late = false;
  const timer = setTimeout(() => (late = child.kill('SIGKILL')), patience);
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  const [code] = await once(child, 'close');
  clearTimeout(timer);
  if (late) throw new Error(`${what} had not ended after ${patience / 1_000} s`);
  if (code !== 0) throw new Error(`${what} ended with ${code ?? 'a signal'}`);
  return JSON.parse(output.trim().split('\n').at(-1) ?? '');
}
