import type { Tree } from '@angular-devkit/schematics';
import { posix } from 'node:path';
import { InvalidOptionError } from '../../contract/errors/configuration.errors.js';

/** What the Nest CLI tells, and what nest-cli.json says where it does not. */
export interface ProjectOptions {
  readonly project?: string;
  readonly sourceRoot?: string;
}

export interface NestProject {
  readonly root?: string;
  readonly sourceRoot?: string;
  readonly entryFile?: string;
  readonly compilerOptions?: {
    readonly tsConfigPath?: string;
    readonly webpack?: boolean;
    readonly builder?: string | { readonly type?: string };
  };
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

/** Name of the file, without suffix, that starts the worker. */
export const WORKER_ENTRY = 'main.worker';

const NX =
  'this is an Nx workspace, and no Nest app has its src/main.ts here: name the sources of the app with ' +
  '--source-root apps/<app>/src. What Nx then needs is printed, and in docs/generator.md';

/** A Nest project as the generator sees it. */
export class Project {
  readonly manifest: Manifest;
  /** Folder of the sources, relative to the workspace. */
  readonly sourceRoot: string;
  /** Name of the file, without suffix, that starts the web process. */
  readonly entryFile: string;
  /** Its name in nest-cli.json, where that has several. */
  readonly name?: string;
  /** Folder of the project, `.` for the whole workspace; and that of the one which commands without a name are about. */
  readonly root: string;
  readonly mainRoot: string;
  /** The tsconfig that it is built with. */
  readonly tsConfigPath: string;
  /** Whether the build makes one file of the entry file, and so none of `main.worker`. */
  readonly isBundled: boolean;
  /** Whether Nx builds it. */
  readonly isNx: boolean;

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
    const given = options.sourceRoot === 'undefined' ? undefined : options.sourceRoot;
    const [name, chosen] = choose(configuration, options.project, given);
    this.sourceRoot = given || chosen.sourceRoot || 'src';
    this.entryFile = chosen.entryFile ?? 'main';
    this.isNx = tree.exists('nx.json') && !tree.exists('nest-cli.json');
    if (this.isNx && !tree.exists(this.source(`${this.entryFile}.ts`))) throw new InvalidOptionError(NX);
    this.name = name;
    this.root = chosen.root || (name === undefined ? '.' : posix.dirname(this.sourceRoot));
    this.mainRoot = configuration.root || '.';
    const settings = { ...configuration.compilerOptions, ...chosen.compilerOptions };
    this.tsConfigPath =
      settings.tsConfigPath ?? (tree.exists('tsconfig.build.json') ? 'tsconfig.build.json' : 'tsconfig.json');
    const builder = typeof settings.builder === 'object' ? settings.builder.type : settings.builder;
    this.isBundled = settings.webpack === true || builder === 'webpack' || builder === 'rspack';
  }

  /** Whether commands that name no project are about this one. */
  get isMain(): boolean {
    return this.root === this.mainRoot;
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
  edit(path: string, change: (text: string) => string): void {
    const before = this.tree.readText(path);
    const after = change(before);
    if (after !== before) this.tree.overwrite(path, after);
  }
}

/** The project with that name; else the one of the source root, which the Nest CLI gives after its own question. */
function choose(
  { projects = {}, ...main }: NestConfiguration,
  name: string | undefined,
  sourceRoot: string | undefined,
): [name: string | undefined, project: NestProject] {
  if (name) {
    const found = projects[name];
    if (found) return [name, found];
    const known = Object.keys(projects).join(', ') || 'none';
    throw new InvalidOptionError(`expected --project to be one of nest-cli.json (${known}), got: "${name}"`);
  }
  const wanted = sourceRoot || main.sourceRoot;
  const found = Object.entries(projects).find(
    ([, project]) => project.sourceRoot === wanted && project.entryFile !== WORKER_ENTRY,
  );
  return found ?? [undefined, main];
}
