// @ts-check
import { supervise } from './supervise.mjs';

/**
 * Runs a command to its end.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv, signal?: AbortSignal, output?: number }} options aborting ends
 *   the command and all it started; its output goes to the open file `output`, else to ours
 * @returns {Promise<boolean>} whether it succeeded
 */
export async function runStep(command, args, { cwd, env, signal, output }) {
  signal?.throwIfAborted();
  const child = await supervise({
    command,
    args,
    cwd,
    env,
    group: true,
    stdout: output ?? 'inherit',
    stderr: output ?? 'inherit',
  });
  const stop = () => void child.stop();
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop(); // It came while the command was being started.
  const { code } = await child.exited;
  signal?.removeEventListener('abort', stop);
  signal?.throwIfAborted();
  return code === 0;
}
