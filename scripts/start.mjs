// @ts-check
/** `npm start`: a fresh clone becomes a running web and worker, with nothing but node and npm. */
import { once } from 'node:events';
import { join } from 'node:path';
import { interruption } from './process/interruption.mjs';
import { provideRedis } from './redis/provide.mjs';
import { postgresForApplication } from './start/postgres.mjs';
import { startApplication } from './start/application.mjs';
import { becomeReady } from './start/readiness.mjs';
import { dashboardFor, readSettings, requireFreePorts } from './start/settings.mjs';
import { claimRun, reapApplications, releaseRun } from './start/single-run.mjs';
import { printWelcome } from './start/welcome.mjs';
import { buildIfNeeded } from './workspace/build.mjs';
import { installIfNeeded } from './workspace/install.mjs';
import { requireNode } from './workspace/node-version.mjs';
import { npm } from './workspace/npm.mjs';
import { root } from './workspace/root.mjs';

process.chdir(root);
const interrupted = interruption();
/** What has been started, in the order to stop it. @type {(() => Promise<unknown>)[]} */
const stops = [];

try {
  requireNode();
  const ports = readSettings();
  claimRun();
  await reapApplications('web', 'worker');
  await requireFreePorts(ports.web, ports.worker);
  await installIfNeeded(interrupted);
  if (!(await buildIfNeeded(root, build))) throw new Error('the build failed');
  await runUntilStopped(ports);
} catch (error) {
  if (!interrupted.aborted) {
    console.error(`\nnpm start: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
} finally {
  for (const stop of stops) await stop();
  releaseRun();
  process.exit();
}

function build() {
  console.log('building web and worker');
  return npm(['run', '--silent', 'build'], interrupted);
}

/** @param {ReturnType<typeof readSettings>} ports */
async function runUntilStopped({ web, worker }) {
  const redis = await provideRedis({ dir: join(root, '.run/redis'), keepData: true, log: console.log });
  stops.unshift(() => redis.stop());
  const postgres = await postgresForApplication({ dir: join(root, '.run/postgres'), log: console.log });
  if (postgres) stops.unshift(() => postgres.stop());
  interrupted.throwIfAborted();

  const dashboard = dashboardFor(web.port);
  const env = {
    ...dashboard.env,
    SCALR_REDIS_URL: redis.url,
    SCALR_POSTGRES_URL: postgres?.url ?? '',
    PORT: String(web.port),
    SCALR_WORKER_PORT: String(worker.port),
  };
  const applications = await Promise.all([
    startApplication({ name: 'web', colour: 36, script: 'dist/main.js', port: web.port, env }),
    startApplication({ name: 'worker', colour: 35, script: 'dist/main.worker.js', port: worker.port, env }),
  ]);
  stops.unshift(() => Promise.all(applications.map((application) => application.stop())));
  const askedToStop = once(interrupted, 'abort').then(() => {
    console.log('\nstopping: web and worker first, then Redis and PostgreSQL (Ctrl-C once more to force it)');
    interrupted.throwIfAborted();
  });

  const failure = Promise.race([
    ...applications.map(({ name, exited }) => exited.then((exit) => ended(name, exit))),
    redis.exited.then(() => ended('Redis')),
    ...(postgres ? [postgres.exited.then(() => ended('PostgreSQL'))] : []),
  ]);
  await Promise.race([becomeReady(applications, interrupted), failure, askedToStop]);
  printWelcome({
    webUrl: `http://localhost:${web.port}`,
    workerUrl: `http://localhost:${worker.port}`,
    redis,
    postgres,
    dashboard,
  });
  await Promise.race([failure, askedToStop]);
}

/** @param {string} name @param {import('./process/supervise.d.mts').ProcessExit} [exit] */
function ended(name, exit) {
  interrupted.throwIfAborted();
  const how = exit?.signal ? ` (${exit.signal})` : exit ? ` (exit code ${exit.code})` : '';
  throw new Error(`${name} ended${how}: everything else is being stopped`);
}
