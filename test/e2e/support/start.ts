import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { AtEnd } from '../../support/apps.js';
import { freePort } from '../../support/ports.js';
import { AppProcess } from '../../support/processes.js';
import { RedisServer, type RedisOptions } from '../../support/redis.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

type Environment = Record<string, string | undefined>;

/** A process of ours and where it answers HTTP. */
export interface RunningApp {
  readonly process: AppProcess;
  readonly url: string;
}

/** A Redis of the test's own; gone when the test ends. */
export async function startRedis(
  options?: RedisOptions,
  atEnd: AtEnd = onTestFinished,
): Promise<RedisServer> {
  const redis = await RedisServer.start(options);
  atEnd(() => redis.stop());
  return redis;
}

/** The web process of the template, or of `test/e2e/apps`; ready unless told not to wait. */
export async function startWeb(
  redisUrl: string,
  env: Environment = {},
  script = 'dist/main.js',
  atEnd?: AtEnd,
) {
  const port = String(await freePort());
  return start(script, port, { SCALR_REDIS_URL: redisUrl, PORT: port, ...env }, atEnd);
}

/** The worker process of the template, or of `test/e2e/apps`. */
export async function startWorker(
  redisUrl: string,
  env: Environment = {},
  script = 'dist/main.worker.js',
  atEnd?: AtEnd,
) {
  const port = String(await freePort());
  return start(script, port, { SCALR_REDIS_URL: redisUrl, SCALR_WORKER_PORT: port, ...env }, atEnd);
}

export async function ready({ process, url }: RunningApp): Promise<void> {
  await process.waitForHttp(`${url}/health/ready`);
}

async function start(
  script: string,
  port: string,
  env: Environment,
  atEnd: AtEnd = onTestFinished,
): Promise<RunningApp> {
  const process = await AppProcess.start({
    script,
    cwd: root,
    env: { ...FRESH, ...env },
    name: `${script} on port ${port}`,
  });
  atEnd(async () => void (await process.kill()));
  return { process, url: `http://127.0.0.1:${port}` };
}

/** Whatever the machine of the tests has set does not count. */
const FRESH: Environment = {
  NO_COLOR: '1',
  SCALR_APP: undefined,
  SMTP_URL: undefined,
  WEBHOOK_SECRET: 'a secret of the e2e tests',
  SCALR_WORKER_CONCURRENCY: undefined,
  SCALR_WORKER_QUEUES: undefined,
  SCALR_SHUTDOWN_TIMEOUT: '2s',
};
