import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { CliError } from '../cli-error.js';
import type { GlobalFlags } from '../cli.js';
import { ExitCode } from '../exit-codes.js';

/** Where `nest build` puts the worker of the template. */
export const DEFAULT_ENTRY = 'dist/main.worker.js';

/** @throws CliError when there is no such file */
export function existingEntry(entry: string): string {
  const path = resolve(entry);
  if (existsSync(path)) return path;
  throw new CliError(
    `there is no file ${entry}: build the app first (npm run build), or name the file that calls runWorker`,
    ExitCode.usage,
  );
}

/** The global flags as the app reads them. */
export function environmentOf({ app, redis }: GlobalFlags): Record<string, string> {
  return {
    ...(app === undefined ? {} : { SCALR_APP: app }),
    ...(redis === undefined ? {} : { SCALR_REDIS_URL: redis }),
  };
}
