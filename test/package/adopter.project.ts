import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const LIBRARY = 'libs/scalr-queue';
/** What an adopter installs beside the library, at the versions that this workspace is pinned to. */
const BESIDES = [
  '@nestjs/bullmq', '@nestjs/common', '@nestjs/core', '@nestjs/platform-express', '@nestjs/terminus', 'bullmq',
  'reflect-metadata', 'rxjs', 'zod', 'valibot', '@types/node',
]; // prettier-ignore

/** The output of a program, whatever its exit code. */
export interface Outcome {
  code: number;
  output: string;
}

/** A Nest project outside of this repository, with the packed library installed. */
export class AdopterProject implements AsyncDisposable {
  private constructor(
    readonly dir: string,
    /** Paths inside of the tarball. */
    readonly packed: readonly string[],
  ) {}

  /** @param versions those that differ from the ones of this workspace, and `type` of the project's package.json */
  static async create(
    versions: Readonly<Record<string, string>> = {},
    type: 'module' | 'commonjs' = 'module',
  ): Promise<AdopterProject> {
    const dir = await mkdtemp(join(tmpdir(), 'scalr-adopter-'));
    try {
      const { file, paths } = await pack(dir);
      const project = join(dir, 'project');
      await mkdir(project);
      await cp('test/package/adopter', project, { recursive: true });
      await mkdir(join(project, 'src/types'), { recursive: true });
      await cp(join(project, 'main.ts'), join(project, 'src/main.ts'));
      await cp('test/types', join(project, 'src/types'), { recursive: true });
      await writeFile(join(project, 'package.json'), JSON.stringify({ private: true, type }));
      const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
      await succeed(npm(['install', ...flags, file, ...(await pinned(versions))], project));
      await keepFromApp(project, '@opentelemetry/api', 'prom-client');
      return new AdopterProject(project, paths);
    } catch (error) {
      await rm(dir, { recursive: true, force: true });
      throw error;
    }
  }

  /** The installed library. */
  get library(): string {
    return join(this.dir, 'node_modules/scalr-queue');
  }

  /** Runs node in the project. */
  node(args: string[], env: Record<string, string> = {}): Promise<Outcome> {
    return run(process.execPath, args, this.dir, env);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(join(this.dir, '..'), { recursive: true, force: true });
  }
}

/** Packs what was built, as a release does. */
async function pack(into: string): Promise<{ file: string; paths: string[] }> {
  const flags = ['--json', '--ignore-scripts', '--loglevel=silent', '--pack-destination', into];
  const { output } = await succeed(npm(['pack', ...flags], LIBRARY));
  const parsed = JSON.parse(output) as Record<string, Packed> | Packed[];
  const [packed] = Object.values(parsed);
  if (!packed) throw new Error(`npm pack packed nothing: ${output}`);
  return { file: join(into, packed.filename), paths: packed.files.map(({ path }) => path) };
}

interface Packed {
  filename: string;
  files: { path: string }[];
}

async function pinned(others: Readonly<Record<string, string>>): Promise<string[]> {
  const manifest = JSON.parse(await readFile('package.json', 'utf8')) as Record<
    string,
    Record<string, string>
  >;
  const versions = { ...manifest['dependencies'], ...manifest['devDependencies'], ...others };
  return [...new Set([...BESIDES, ...Object.keys(others)])].map((name) => `${name}@${versions[name]}`);
}

/** Npm puts what a dependency needs where everybody finds it; with pnpm and the like only that dependency does, as here. */
async function keepFromApp(project: string, name: string, dependency: string): Promise<void> {
  const modules = join(project, 'node_modules');
  const own = join(modules, dependency, 'node_modules', name);
  await mkdir(dirname(own), { recursive: true });
  await rename(join(modules, name), own);
}

/** `npm test` tells its children about this workspace; the project is no part of it. */
function npm(args: string[], cwd: string): Promise<Outcome> {
  const cleared = {
    npm_config_local_prefix: undefined,
    npm_config_workspace: undefined,
    INIT_CWD: undefined,
  };
  return run('npm', args, cwd, cleared);
}

function run(
  command: string,
  args: string[],
  cwd: string,
  env: Record<string, string | undefined> = {},
): Promise<Outcome> {
  const options = {
    cwd,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    timeout: 240_000,
    maxBuffer: 2 ** 26,
  };
  return new Promise((resolve) => {
    execFile(command, args, options, (error, stdout, stderr) => {
      const code = error ? Number(error.code) || 1 : 0;
      resolve({ code, output: code === 0 ? stdout : `${stdout}${stderr}` });
    });
  });
}

async function succeed(running: Promise<Outcome>): Promise<Outcome> {
  const outcome = await running;
  if (outcome.code !== 0) throw new Error(outcome.output);
  return outcome;
}
