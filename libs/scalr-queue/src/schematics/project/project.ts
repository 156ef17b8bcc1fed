import type { Tree } from '@angular-devkit/schematics';
import { posix } from 'node:path';
import { InvalidOptionError } from '../../errors/configuration.errors.js';

/** What the Nest CLI tells, and what nest-cli.json says where it does not. */
export interface ProjectOptions {
  readonly project?: string;
  readonly sourceRoot?: string;
}

interface NestProject {
  readonly root?: string;
  readonly sourceRoot?: string;
  readonly entryFile?: string;
}

interface NestConfiguration extends NestProject {
  readonly projects?: Record<string, NestProject>;
}

export interface Manifest {
  name?: string;
  type?: string;
  scripts?: Record<string, string>;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

/** A Nest project as the generator sees it. */
export class Project {
  readonly manifest: Manifest;
  /** Folder of the sources, relative to the workspace. */
  readonly sourceRoot: string;
  /** Name of the file, without suffix, that starts the web process. */
  readonly entryFile: string;

  /** @throws InvalidOptionError when this is no Nest project, or nest-cli.json has no such project */
  constructor(
    readonly tree: Tree,
    readonly options: ProjectOptions,
  ) {
    if (!tree.exists('package.json'))
      throw new InvalidOptionError(
        'expected a package.json in the current folder: run it in the root of a Nest app',
      );
    this.manifest = tree.readJson('package.json') as Manifest;
    const configuration = (
      tree.exists('nest-cli.json') ? tree.readJson('nest-cli.json') : {}
    ) as NestConfiguration;
    const chosen = choose(configuration, options.project);
    const given = options.sourceRoot === 'undefined' ? undefined : options.sourceRoot;
    this.sourceRoot = given || chosen.sourceRoot || 'src';
    this.entryFile = chosen.entryFile ?? 'main';
  }

  get isEsm(): boolean {
    return this.manifest.type === 'module';
  }

  has(dependency: string): boolean {
    const { dependencies, devDependencies } = this.manifest;
    return dependency in { ...dependencies, ...devDependencies };
  }

  /** A path below the source root. */
  source(...path: string[]): string {
    return posix.join(this.sourceRoot, ...path);
  }

  /** What a file writes to import another one. */
  specifier(from: string, to: string): string {
    const relative = posix.relative(posix.dirname(from), to).replace(/\.ts$/, this.isEsm ? '.js' : '');
    return relative.startsWith('.') ? relative : `./${relative}`;
  }

  /** Writes a file that is not there yet; a file of the user stays as it is. */
  create(path: string, content: string): boolean {
    if (this.tree.exists(path)) return false;
    this.tree.create(path, content);
    return true;
  }

  /** Changes a file, if that changes anything. */
  edit(path: string, change: (text: string) => string): boolean {
    const before = this.tree.readText(path);
    const after = change(before);
    if (after !== before) this.tree.overwrite(path, after);
    return after !== before;
  }
}

function choose(configuration: NestConfiguration, name: string | undefined): NestProject {
  if (!name) return configuration;
  const found = configuration.projects?.[name];
  if (found) return found;
  const known = Object.keys(configuration.projects ?? {}).join(', ') || 'none';
  throw new InvalidOptionError(`expected --project to be one of nest-cli.json (${known}), got: "${name}"`);
}
