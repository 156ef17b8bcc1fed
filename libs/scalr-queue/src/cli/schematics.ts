import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { CliError } from './cli-error.js';
import { ExitCode } from './exit-codes.js';

/**
 * Runs a schematic of this package in the current folder, with the program that `nest g` uses.
 * @throws CliError when the project has no Nest CLI, or the schematic refuses
 */
export async function runSchematic(
  schematic: string,
  options: Record<string, string | boolean | undefined>,
): Promise<void> {
  // Without a value where it is a switch: the program of Nest 11 takes `--spec=true` for a text.
  const flags = Object.entries(options).flatMap(([name, value]) => {
    if (value === undefined) return [];
    if (typeof value === 'boolean') return [value ? `--${name}` : `--no-${name}`];
    return [`--${name}=${value}`];
  });
  const args = [findProgram(), `scalr-queue:${schematic}`, ...flags];
  const [code] = (await once(spawn(process.execPath, args, { stdio: 'inherit' }), 'exit')) as [number | null];
  if (code !== 0) throw new CliError('nothing was written', ExitCode.usage);
}

/** It comes with the Nest CLI, which the project and not this package depends on. */
function findProgram(): string {
  try {
    const project = createRequire(join(process.cwd(), 'package.json'));
    const nest = createRequire(project.resolve('@nestjs/cli/package.json'));
    return nest.resolve('@angular-devkit/schematics-cli/bin/schematics.js');
  } catch {
    throw new CliError(
      'expected @nestjs/cli to be installed in the current folder: run this in the root of a Nest app',
      ExitCode.usage,
    );
  }
}
