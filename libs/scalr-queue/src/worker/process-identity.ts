import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** The name of this process on the platform: host and pid, of characters that fit into a key. */
export const processName = (): string => `${hostname()}.${process.pid}`.replace(/[^A-Za-z0-9_.-]/g, '-');

/** Version of the app: what npm says, or the `package.json` of the folder that the process was started in. */
export function appVersion(): string | undefined {
  return process.env['npm_package_version'] ?? versionIn(join(process.cwd(), 'package.json'));
}

function versionIn(file: string): string | undefined {
  try {
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version?: unknown };
    return typeof version === 'string' ? version : undefined;
  } catch {
    return undefined;
  }
}
