// @ts-check
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { pythonCommand } from './python/python.mjs';
import { sides } from './rows.mjs';

const script = fileURLToPath(new URL('side-process.mjs', import.meta.url));
const PATIENCE = 180_000;

/**
 * One measurement in a process of its own.
 *
 * @param {string} side @param {string} measure @param {string} url @param {number} [scale]
 * @returns {Promise<any>} what it measured
 */
export async function runSide(side, measure, url, scale = 1) {
  const isPython = sides.some(({ id, runtime }) => id === side && runtime === 'python');
  const [command = '', ...begin] = isPython ? pythonCommand : [process.execPath, script];
  const child = spawn(command, [...begin, side, measure, url, String(scale)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_ENV: 'production', NODE_NO_WARNINGS: '1' },
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  const [code] = await once(child, 'close');
  clearTimeout(timer);
  if (code !== 0) throw new Error(`${measure} of ${side} ended with ${code ?? 'a signal'}`);
  return JSON.parse(output.trim().split('\n').at(-1) ?? '');
}

/** Milliseconds until a worker takes jobs, and its memory then. @param {string} file @param {string} url */
export async function bootOf(file, url) {
  const script = fileURLToPath(new URL(`boot/${file}.mjs`, import.meta.url));
  const began = performance.now();
  const child = spawn(process.execPath, [script, url], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_ENV: 'production', NODE_NO_WARNINGS: '1' },
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  await once(child.stdout, 'data');
  const ms = performance.now() - began;
  clearTimeout(timer);
  const rss = await memoryOf(/** @type {number} */ (child.pid));
  child.kill('SIGKILL');
  await once(child, 'close');
  return { ms, rss };
}

/** Megabytes. @param {number} pid */
async function memoryOf(pid) {
  const { readFile } = await import('node:fs/promises');
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? NaN) / 1_024;
}
