import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const LIBRARY = 'scalr-queue';

/**
 * A release as it was published, in a folder that has the dependencies of this workspace: with them as links, a library that lies
 * in `node_modules` itself finds all that it needs without an installation.
 */
export class OldRelease implements AsyncDisposable {
  private constructor(private readonly dir: string) {}

  static async unpack(version: string): Promise<OldRelease> {
    const dir = await mkdtemp(join(tmpdir(), `scalr-${version}-`));
    const modules = join(dir, 'node_modules');
    const library = join(modules, LIBRARY);
    await mkdir(library, { recursive: true });
    const tarball = resolve(import.meta.dirname, 'releases', `${LIBRARY}-${version}.tgz`);
    await run('tar', ['-xzf', tarball, '-C', library, '--strip-components=1']);
    await requireDependencies(join(library, 'package.json'));
    const installed = (await readdir('node_modules')).filter((name) => name !== LIBRARY);
    await Promise.all(
      installed.map((name) => symlink(resolve('node_modules', name), join(modules, name), 'junction')),
    );
    return new OldRelease(dir);
  }

  /** A copy of the script that imports this release. */
  async place(script: string): Promise<string> {
    const copy = join(this.dir, 'app.mjs');
    await copyFile(script, copy);
    return copy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** What only the release uses is a development dependency of the workspace. */
async function requireDependencies(manifest: string): Promise<void> {
  const { dependencies } = JSON.parse(await readFile(manifest, 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const missing = Object.keys(dependencies).filter((name) => !existsSync(join('node_modules', name)));
  if (missing.length === 0) return;
  throw new Error(`the release needs ${missing.join(', ')}: add it to the devDependencies of the workspace`);
}
