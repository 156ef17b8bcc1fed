import { posix } from 'node:path';
import type { Project } from '../project/project.js';
import { addImport } from '../source/imports.js';
import { addToModule } from '../source/module-metadata.js';
import { type JobNames, pascal } from './job.options.js';

/** Makes the handler a provider of its feature; the module is made, and imported, where there is none. */
export function wireProcessor(project: Project, names: JobNames): void {
  const processor = { symbol: `${names.constant}Processor`, file: `${names.file}.processor.ts` };
  const folder = project.source(names.folder);
  const module = moduleOf(project, names) ?? createModule(project, names);
  add(project, module, 'providers', processor.symbol, posix.join(folder, processor.file));
}

/** The module of the folder that handlers belong in, the one for the worker before any other. */
function moduleOf(project: Project, names: JobNames): string | undefined {
  const root = workerRoot(project);
  if (names.folder === '') return root ?? parentModule(project, '');
  const files = modulesIn(project, names.folder);
  const ofWorker = files.filter((file) => file.endsWith('.worker.module.ts'));
  const own = `${posix.basename(names.folder)}.module.ts`;
  const found = ofWorker[0] ?? (root ? undefined : (files.find((file) => file === own) ?? files[0]));
  return found && project.source(names.folder, found);
}

function createModule(project: Project, names: JobNames): string {
  const root = workerRoot(project);
  const feature = posix.basename(names.folder);
  const path = project.source(names.folder, `${feature}${root ? '.worker' : ''}.module.ts`);
  const symbol = `${pascal(feature)}${root ? 'Worker' : ''}Module`;
  const where = root ? ' in the worker process' : '';
  project.create(
    path,
    `import { Module } from '@nestjs/common';

/** ${pascal(feature)}${where}. */
@Module({})
export class ${symbol} {}
`,
  );
  const parent = root ?? parentModule(project, posix.dirname(names.folder));
  if (parent) add(project, parent, 'imports', symbol, path);
  return path;
}

function add(
  project: Project,
  module: string,
  list: 'imports' | 'providers',
  symbol: string,
  file: string,
): void {
  project.edit(module, (text) =>
    addImport(addToModule(module, text, list, symbol), symbol, project.specifier(module, file)),
  );
}

function workerRoot(project: Project): string | undefined {
  const path = project.source('worker.module.ts');
  return project.tree.exists(path) ? path : undefined;
}

/** The nearest module up from a folder below the source root. */
function parentModule(project: Project, folder: string): string | undefined {
  const here = folder === '.' ? '' : folder;
  const files = modulesIn(project, here);
  const found = files.find((file) => file === 'app.module.ts') ?? files[0];
  if (found) return project.source(here, found);
  return here === '' ? undefined : parentModule(project, posix.dirname(here));
}

function modulesIn(project: Project, folder: string): string[] {
  const files = project.tree.getDir(project.source(folder)).subfiles;
  return files.filter((file) => file.endsWith('.module.ts')).toSorted();
}
