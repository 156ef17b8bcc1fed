import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const LOOK_INTERVAL_MS = 200;
const MAX_FILES = 20_000;
const CODE = /\.(?:[mc]?js|json|node|env)$/;
const LEFT_OUT = /^(?:node_modules|\..*)$/;

/**
 * Reports when the files of some folders have changed and are still again. It asks for their times instead of waiting to be told:
 * that survives a folder that is removed and made anew by a build, and works on a mounted one.
 */
export class FileWatch {
  constructor(
    private readonly folders: readonly string[],
    private readonly entry: string,
  ) {}

  /** What the files are at this moment. */
  async state(): Promise<string> {
    const files: string[] = [];
    for (const folder of this.folders) await collect(folder, files);
    const facts = await Promise.all(files.map(factsOf));
    return facts.toSorted().join('\n');
  }

  /** Resolves to the new state when it is another one than `last`, two looks have seen the same, and the entry exists. */
  async change(last: string, signal: AbortSignal): Promise<string | undefined> {
    let seen = last;
    while (!signal.aborted) {
      await pause(LOOK_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
      const now = await this.state();
      if (now !== last && now === seen && existsSync(this.entry)) return now;
      seen = now;
    }
    return undefined;
  }
}

async function collect(folder: string, files: string[]): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (files.length >= MAX_FILES || LEFT_OUT.test(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await collect(path, files);
    else if (CODE.test(entry.name)) files.push(path);
  }
}

async function factsOf(path: string): Promise<string> {
  const facts = await stat(path).catch(() => undefined);
  return facts ? `${path} ${facts.mtimeMs} ${facts.size}` : path;
}
