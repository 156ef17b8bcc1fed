// @ts-check
/** The apps that `nest new` and the generator of the package make, for `npm run matrix`. */
import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { npm } from './project.mjs';

const DEADLINE = 300_000;
const READY = 30_000;

/** Makes one with the CLI of that Nest, with the packed library, a worker and a job. @param {string} dir @param {string} nest @param {string} file */
export function makeApp(dir, nest, file) {
  const name = `generated-${nest}`;
  const flags = ['--skip-git', '--package-manager', 'npm', ...(nest === '12' ? ['--no-observe'] : [])];
  npm(['exec', '--yes', '--', `@nestjs/cli@${nest}`, 'new', name, ...flags], dir, DEADLINE);
  const app = join(dir, name);
  const besides = ['bullmq', 'terminus'].map((part) => `@nestjs/${part}@${nest}`);
  npm(['install', '--no-audit', '--no-fund', file, ...besides, 'zod@4'], app, DEADLINE);
  const generate = (/** @type {string[]} */ ...args) => npm(['exec', '--', 'scalr-queue', ...args], app);
  generate('init');
  generate('generate', 'job', 'invoices/send-invoice');
  npm(['run', 'build'], app);
  copyFileSync('scripts/release/generated-job.mjs', join(app, 'generated-job.mjs'));
  return app;
}

/**
 * Its own tests, then one job through its worker, whose log is read, and SIGTERM.
 * @param {string} node @param {string} app @param {string} redisUrl @returns {Promise<string>} `ok`, or what went wrong
 */
export async function tryApp(node, app, redisUrl) {
  const path = `${join(node, '..')}:${process.env['PATH']}`;
  const env = {
    ...process.env,
    PATH: path,
    SCALR_REDIS_URL: redisUrl,
    SCALR_APP: `generated-${Date.now()}`,
    SCALR_WORKER_PORT: String(await freePort()),
    NO_COLOR: '1',
    CI: '1',
  };
  try {
    execFileSync('npm', ['test', '--silent'], { cwd: app, env, stdio: 'pipe', timeout: DEADLINE });
  } catch (error) {
    const { stdout, stderr } = /** @type {{ stdout: Buffer, stderr: Buffer }} */ (error);
    return `its tests failed: ${String(stdout)}${String(stderr)}`;
  }
  const worker = spawn(node, ['dist/main.worker.js'], { cwd: app, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [worker.stdout, worker.stderr]) stream.on('data', (chunk) => (log += String(chunk)));
  const ended = once(worker, 'exit');
  try {
    execFileSync(node, ['generated-job.mjs'], { cwd: app, env, stdio: 'pipe', timeout: READY });
  } catch (error) {
    return `the job did not run: ${String(error)}\n${log}`;
  } finally {
    worker.kill('SIGTERM');
  }
  const [code] = await ended;
  const lines = [
    /\[Job\] started invoices\.send-invoice/,
    /\[Job\] completed invoices\.send-invoice/,
    /0 lost/,
  ];
  const missing = lines.filter((line) => !line.test(log));
  return code === 0 && missing.length === 0 ? 'ok' : `exit code ${code}, no ${missing.join(', ')} in\n${log}`;
}

async function freePort() {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  server.close();
  return port;
}
