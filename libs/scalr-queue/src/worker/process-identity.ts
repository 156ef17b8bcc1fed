import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Version of the app: what npm says, or the `package.json` of the folder that the process was started in. */
export function appVersion(): string | undefined {
  return process.env['npm_package_version'] ?? versionIn(join(process.cwd(), 'package.json'));
}

/** Which program this process runs: workers of one app are to run the same. */
export interface Program {
  /** Name of its package. */
  readonly program?: string;
  /** Folder of that package. */
  readonly folder?: string;
  /** Path of the file that was started. */
  readonly main?: string;
}

/** By the `package.json` of the main file, else of the folder that it was started in; npm may name the root of a workspace. */
export function appProgram(): Program {
  const main = process.argv[1];
  const found = (main && packageAbove(dirname(main))) || packageAbove(process.cwd());
  const program = found?.name ?? process.env['npm_package_name'];
  return {
    ...(program ? { program } : {}),
    ...(found ? { folder: found.folder } : {}),
    ...(main ? { main } : {}),
  };
}

/** A package.json that only marks the kind of the modules has no name. */
function packageAbove(folder: string): { name: string; folder: string } | undefined {
  const name = fieldIn(join(folder, 'package.json'), 'name');
  if (name !== undefined) return { name, folder };
  const parent = dirname(folder);
  return parent === folder ? undefined : packageAbove(parent);
}

function versionIn(file: string): string | undefined {
  return fieldIn(file, 'version');
}

function fieldIn(file: string, field: 'name' | 'version'): string | undefined {
  try {
    const value = (JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>)[field];
    return typeof value === 'string' && value !== '' ? value : undefined;
  } catch {
    return undefined;
  }
}
