import { createInterface } from 'node:readline/promises';
import type { Cli } from './cli.js';
import { CliError } from './cli-error.js';
import { ExitCode } from './exit-codes.js';
import { cleanText } from '../observability/clean-text.js';

/**
 * Asks before something is done that cannot be undone, or that stops work.
 * @param yes whether the flag `--yes` has answered already
 * @throws CliError when the answer is no, or nobody is there to be asked
 */
export async function confirm(cli: Cli, asked: string, yes: boolean | undefined): Promise<void> {
  if (yes) return;
  const question = cli.label + asked;
  if (!cli.interactive)
    throw new CliError(`${question} Pass --yes: there is no terminal to ask on.`, ExitCode.usage);
  const lines = createInterface({ input: cli.stdin, output: cli.stderr as NodeJS.WriteStream });
  const stopped = new AbortController();
  lines.once('SIGINT', () => stopped.abort()).once('close', () => stopped.abort());
  try {
    const answer = await lines.question(`${cleanText(question)} [y/N] `, { signal: stopped.signal });
    if (!/^y(es)?$/i.test(answer.trim())) throw new CliError('nothing was done');
  } catch (error) {
    throw error instanceof CliError ? error : new CliError('nothing was done', ExitCode.interrupted);
  } finally {
    lines.close();
  }
}
