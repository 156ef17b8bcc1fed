import { posix } from 'node:path';
import { type NestProject, type Project, WORKER_ENTRY } from '../project/project.js';

/** How the built worker is made and started. */
export interface WorkerBuild {
  /** The file that the build makes. */
  readonly script: string;
  readonly scripts: Record<string, string>;
  /** What is left to do by hand. */
  readonly left: readonly string[];
}

/** Scripts of an app that is not the main one of its workspace have its name. */
const nameOfScript = (project: Project, script: string): string =>
  project.isMain || project.name === undefined ? script : `${script}:${project.name}`;

/** Sees to it that a build makes the worker. */
export function buildWorker(project: Project): WorkerBuild {
  if (project.isNx) return underNx(project);
  if (project.isBundled) return bundled(project);
  const script = besideWeb(project);
  const nest = project.name === undefined ? 'nest start' : `nest start ${project.name}`;
  const scripts = {
    [nameOfScript(project, 'start:worker')]: `node ${script}`,
    [nameOfScript(project, 'start:worker:dev')]: `${nest} --watch --entryFile ${WORKER_ENTRY}`,
  };
  return { script, scripts, left: [] };
}

/** A bundler builds one entry file of a project: the worker becomes a project of its own, of the same sources. */
function bundled(project: Project): WorkerBuild {
  const worker = `${project.name ?? 'app'}-worker`;
  const root = posix.join(project.root, '..', worker).replace(/^(\.\.\/)+/, '');
  const tsConfigPath = posix.join(project.root, 'tsconfig.worker.json');
  const up = posix.relative(project.root, '.') || '.';
  const base = posix.relative(project.root, project.tsConfigPath);
  const config = {
    extends: base.startsWith('.') ? base : `./${base}`,
    // Of its own: a build of the web process empties the other.
    compilerOptions: { outDir: posix.join(up, 'dist', root) },
  };
  project.create(tsConfigPath, `${JSON.stringify(config, null, 2)}\n`);
  const entry: NestProject & { type: string } = {
    type: 'application',
    root,
    entryFile: WORKER_ENTRY,
    sourceRoot: project.sourceRoot,
    compilerOptions: { tsConfigPath },
  };
  addProject(project, worker, entry);
  const script = posix.join('dist', root, `${WORKER_ENTRY}.js`);
  const build = nameOfScript(project, 'build:worker');
  const after: Record<string, string> = project.isMain ? { postbuild: `npm run ${build}` } : {};
  const scripts = {
    [build]: `nest build ${worker}`,
    ...after,
    [nameOfScript(project, 'start:worker')]: `node ${script}`,
    [nameOfScript(project, 'start:worker:dev')]: `nest start ${worker} --watch`,
  };
  const theirs = project.manifest.scripts?.['postbuild'];
  const isBuilt = !project.isMain || theirs === undefined || theirs.includes(build);
  return { script, scripts, left: isBuilt ? [] : [`run "npm run ${build}" in your script postbuild`] };
}

function addProject(project: Project, name: string, entry: NestProject): void {
  project.edit('nest-cli.json', (text) => {
    const configuration = JSON.parse(text) as { projects?: Record<string, NestProject> };
    if (configuration.projects?.[name]) return text;
    const changed = { ...configuration, projects: { ...configuration.projects, [name]: entry } };
    const indent = /^[ \t]+/m.exec(text)?.[0] ?? '  ';
    return JSON.stringify(changed, null, indent) + (text.endsWith('\n') ? '\n' : '');
  });
}

/** Nx has its own targets, which are not ours to write. */
function underNx({ sourceRoot, root }: Project): WorkerBuild {
  const folder = root === '.' ? posix.dirname(sourceRoot) : root;
  return {
    script: posix.join('dist', folder, `${WORKER_ENTRY}.js`),
    scripts: {},
    left: [
      `give the build target of ${folder} a second entry, ${sourceRoot}/${WORKER_ENTRY}.ts (additionalEntryPoints in its ` +
        'project.json or webpack.config.js), and start what it makes with node (docs: The generator, Nx)',
    ],
  };
}

/** Beside what start:prod runs. */
function besideWeb({ manifest, entryFile, isMain, mainRoot, root }: Project): string {
  if (!isMain && mainRoot === '.') return posix.join('dist', root, `${WORKER_ENTRY}.js`);
  const started = /^node (\S+)$/.exec(manifest.scripts?.['start:prod'] ?? '')?.[1];
  const main = started ?? posix.join('dist', mainRoot, entryFile);
  const web = isMain ? main : main.split(mainRoot).join(root);
  return web.replace(/[^/]*$/, `${WORKER_ENTRY}.js`);
}
