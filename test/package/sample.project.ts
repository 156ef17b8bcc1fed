import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { root, samplesOf } from '../docs/samples.js';

const packages = createRequire(import.meta.url);
const { options } = ts.convertCompilerOptionsFromJson(
  { target: 'ES2023', module: 'ESNext', experimentalDecorators: true, emitDecoratorMetadata: true },
  root,
);

/** The files that a page of the documentation shows, compiled, beside the built library and without a Redis. */
export class SampleProject implements AsyncDisposable {
  private constructor(private readonly dir: string) {}

  /** @param more files by path that the page does not show */
  static async of(page: string, more: Record<string, string>): Promise<SampleProject> {
    const project = new SampleProject(await mkdtemp(join(tmpdir(), 'scalr-samples-')));
    await symlink(join(root, 'node_modules'), join(project.dir, 'node_modules'));
    await project.write('package.json', '{ "private": true, "type": "module" }');
    const shown = samplesOf(page).map(({ file, text }) => [file, text] as const);
    for (const [file, text] of [...shown, ...Object.entries(more)]) {
      const { outputText } = ts.transpileModule(text, { compilerOptions: options, fileName: file });
      await project.write(file.replace(/\.ts$/, '.js'), outputText);
    }
    return project;
  }

  /** Runs the specs with Vitest. */
  async vitest(): Promise<string> {
    // The library is linked, not installed: it is to be taken for what it is, a package.
    const config = {
      resolve: { preserveSymlinks: true },
      test: { globals: true, isolate: false, maxWorkers: 1 },
    };
    await this.write('vitest.config.js', `export default ${JSON.stringify(config)};`);
    const args = ['run', '--root', this.dir, '--no-color'];
    return this.run(join(dirname(packages.resolve('vitest/package.json')), 'vitest.mjs'), args);
  }

  /** Runs the specs with Jest, as ES modules. */
  jest(): Promise<string> {
    const config = JSON.stringify({ rootDir: this.dir, transform: {}, testEnvironment: 'node' });
    const args = ['--config', config, '--runInBand', '--no-cache', '--no-color'];
    return this.run(packages.resolve('jest/bin/jest'), args, '--experimental-vm-modules');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
  }

  private async write(file: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.dir, file)), { recursive: true });
    await writeFile(join(this.dir, file), text);
  }

  /** All that the runner prints, with its exit code at the end. */
  private run(program: string, args: string[], nodeOptions = ''): Promise<string> {
    const env: NodeJS.ProcessEnv = { ...process.env, NODE_OPTIONS: nodeOptions, SCALR_REDIS_URL: '' };
    delete env['VITEST'];
    const settings = { cwd: this.dir, env, timeout: 100_000, maxBuffer: 2 ** 24 };
    return new Promise((resolve) => {
      execFile(process.execPath, [program, ...args], settings, (error, stdout, stderr) =>
        resolve(`${stdout}${stderr}\nexit code ${error ? String(error.code) : 0}`),
      );
    });
  }
}
