import type { Command } from 'commander';
import { readFileSync } from 'node:fs';
import { withCa } from '../../config/certificate-file.js';
import { wholeNumber } from '../arguments.js';
import type { Cli } from '../cli.js';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';

interface Flags {
  readonly port: number;
  readonly host: string;
  readonly accounts?: string;
  readonly writes: boolean;
}

/** `scalr-queue console` */
export function registerConsole(program: Command, cli: Cli): void {
  program
    .command('console')
    .description(
      'serve a page for all apps of the Redis, as the operator: problems, queues, dead jobs, workers',
    )
    .option('--port <number>', 'where it listens', wholeNumber, 3002)
    .option(
      '--writes',
      'let accounts change what their role allows, over SCALR_CONSOLE_WRITE_REDIS_URL',
      false,
    )
    .option('--host <address>', 'on which address', '127.0.0.1')
    .option(
      '--accounts <file>',
      'who may open it, a list in JSON; defaults to SCALR_CONSOLE_USER (ops) with SCALR_CONSOLE_PASSWORD',
    )
    .action(async ({ port, host, accounts, writes }: Flags) => {
      const { redis: url, ca } = cli.flags;
      const redis = withCa(url ?? (process.env['SCALR_CONSOLE_REDIS_URL']?.trim() || undefined), ca);
      const { serveConsole } = await import('../console/console.server.js');
      const given = accounts === undefined ? fromEnvironment() : fromFile(accounts);
      const options = {
        accounts: given,
        ...(redis === undefined ? {} : { redis }),
        ...(writes ? { writeRedis: writeUrl(ca) } : {}),
      };
      await serveConsole(cli, options, { port, host });
    });
}

function writeUrl(ca: string | undefined) {
  const url = process.env['SCALR_CONSOLE_WRITE_REDIS_URL']?.trim();
  if (!url)
    throw new CliError(
      '--writes needs SCALR_CONSOLE_WRITE_REDIS_URL: the user that may make changes',
      ExitCode.usage,
    );
  return withCa(url, ca)!;
}

function fromFile(path: string): never {
  try {
    // Checked with the other options.
    return JSON.parse(readFileSync(path, 'utf8')) as never;
  } catch (error) {
    const why = error instanceof SyntaxError ? 'it is no JSON' : (error as NodeJS.ErrnoException).code;
    throw new CliError(`the accounts cannot be read from ${path}: ${why}`, ExitCode.usage);
  }
}

function fromEnvironment() {
  const { SCALR_CONSOLE_USER: user, SCALR_CONSOLE_PASSWORD: password } = process.env;
  if (!password)
    throw new CliError(
      'nobody could log in: set SCALR_CONSOLE_PASSWORD (user: SCALR_CONSOLE_USER, else ops), or give --accounts',
      ExitCode.usage,
    );
  return [{ user: user?.trim() || 'ops', password }];
}
