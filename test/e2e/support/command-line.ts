import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { AppProcess } from '../../support/processes.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
/** The built command. */
export const BIN = `${root}libs/scalr-queue/dist/cli/main.js`;
/** What every run of it is told by the environment. */
export const environmentFor = (redisUrl: string) => ({
  NO_COLOR: '1',
  SCALR_APP: 'e2e',
  SCALR_REDIS_URL: redisUrl,
  SCALR_WORKER_PORT: '0',
  SCALR_WORKER_QUEUES: undefined,
  SCALR_SHUTDOWN_TIMEOUT: '2s',
});

/** `scalr-queue <args>` for the app `e2e`, as a process. */
export async function startCommand(redisUrl: string, ...args: string[]): Promise<AppProcess> {
  const command = await AppProcess.start({
    script: BIN,
    args,
    cwd: root,
    env: environmentFor(redisUrl),
    name: `scalr-queue ${args.join(' ')}`,
  });
  onTestFinished(async () => void (await command.kill()));
  return command;
}

/** The same, run to its end. */
export async function runCommand(redisUrl: string, ...args: string[]) {
  const command = await startCommand(redisUrl, ...args);
  const { code } = await command.exited;
  return { code, output: command.output };
}

/** Whether a process of this id is there. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
