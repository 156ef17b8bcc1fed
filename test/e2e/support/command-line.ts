import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { AppProcess } from '../../support/processes.js';
import { sharedRedisUrl } from '../../support/redis.js';

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

/** `scalr-queue <args>` on the shared Redis, with what it writes to stdout and to stderr kept apart. */
export async function runSeparately(args: string, env: Record<string, string>) {
  const begin = performance.now();
  const all = { ...process.env, NODE_OPTIONS: '', SCALR_REDIS_URL: sharedRedisUrl(), ...env };
  return new Promise<{ code: number; out: string; err: string; took: number }>((resolve) => {
    const child = execFile(process.execPath, [BIN, ...args.split(' ')], { env: all }, (error, out, err) => {
      const code = typeof error?.code === 'number' ? error.code : error ? -1 : 0;
      resolve({ code, out, err, took: performance.now() - begin });
    });
    child.stdin?.end();
  });
}

/** The same on a pseudo terminal, which `script` makes: types the answer when it has been asked. */
export async function runOnTerminal(
  args: string,
  env: Record<string, string>,
  [question, answer]: [question: RegExp, answer: string],
) {
  const child = spawn('script', ['-qefc', `exec ${process.execPath} ${BIN} ${args}`, '/dev/null'], {
    env: { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1', TERM: 'xterm', ...env },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const seen = { text: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (seen.text += text));
  const closed = once(child, 'close');
  await eventually(() => expect(seen.text).toMatch(question), { timeout: 30_000 });
  child.stdin.write(answer);
  const [code] = (await closed) as [code: number | null];
  return { code, text: seen.text };
}

/** Whether a process of this id is there. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
