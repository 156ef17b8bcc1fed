import { posix } from 'node:path';
import { InvalidOptionError } from '../../contract/errors/configuration.errors.js';
import type { Project } from '../project/project.js';
import { addImport, importedFrom } from '../source/imports.js';
import { addToModule } from '../source/module-metadata.js';
import { enableShutdownHooks, rootModule } from '../source/shutdown-hooks.js';
import { healthController, healthModule, type WorkerTemplate } from './worker.templates.js';

/** Gives the web process the queue, its health endpoints and shutdown hooks. Returns what is left to do by hand. */
export function prepareWeb(project: Project, template: WorkerTemplate): string[] {
  const module = appModule(project);
  const left: string[] = [];
  project.edit(module, (text) => {
    const wired = addToModule(module, text, 'imports', 'ScalrQueueModule.forRoot(queueOptions)');
    if (wired === text) return text;
    const options = project.specifier(module, project.source('queue.options.ts'));
    const queue = addImport(addImport(wired, 'ScalrQueueModule', 'scalr-queue'), 'queueOptions', options);
    return addErrorFilter(module, queue);
  });
  left.push(...addHealth(project, module, template));

  const main = project.source(`${project.entryFile}.ts`);
  const hooked = project.tree.exists(main) ? enableShutdownHooks(project.tree.readText(main)) : undefined;
  if (hooked === undefined)
    left.push(`call app.enableShutdownHooks() where the application is created: not found in ${main}`);
  else project.edit(main, () => hooked);
  return left;
}

/** A request that cannot enqueue is a 503 then, not a 500. */
function addErrorFilter(module: string, text: string): string {
  if (text.includes('QueueErrorFilter')) return text;
  const filter = '{ provide: APP_FILTER, useClass: QueueErrorFilter }';
  const provided = addToModule(module, text, 'providers', filter);
  return addImport(addImport(provided, 'QueueErrorFilter', 'scalr-queue'), 'APP_FILTER', '@nestjs/core');
}

function addHealth(project: Project, module: string, template: WorkerTemplate): string[] {
  const other = healthControllers(project);
  const file = project.source('health/health.module.ts');
  if (other.length > 0 || project.tree.exists(file)) {
    const known = other.some((path) => project.tree.readText(path).includes('ScalrQueueHealthIndicator'));
    if (known) return [];
    return [`add ScalrQueueHealthIndicator to ${other[0] ?? file}, which stays as it is (docs: Health)`];
  }
  project.create(file, healthModule(template));
  project.create(project.source('health/health.controller.ts'), healthController());
  project.edit(module, (text) =>
    addImport(
      addToModule(module, text, 'imports', 'HealthModule'),
      'HealthModule',
      project.specifier(module, file),
    ),
  );
  return [];
}

function healthControllers({ tree, sourceRoot }: Project): string[] {
  const found: string[] = [];
  tree.getDir(sourceRoot).visit((path) => {
    const isHealth = /@Controller\(\s*(?:\{\s*path:\s*)?['"`]\/?health\b/;
    if (path.endsWith('.ts') && isHealth.test(tree.readText(path))) found.push(path.replace(/^\//, ''));
  });
  return found;
}

/** The module that main.ts creates the application from. */
function appModule(project: Project): string {
  const main = project.source(`${project.entryFile}.ts`);
  const text = project.tree.exists(main) ? project.tree.readText(main) : '';
  const specifier = importedFrom(text, rootModule(text) ?? '');
  const imported = specifier && posix.join(posix.dirname(main), specifier.replace(/\.js$/, '').concat('.ts'));
  for (const path of [imported, project.source('app.module.ts')])
    if (path && project.tree.exists(path)) return path;
  throw new InvalidOptionError(
    `expected the root module in ${project.source('app.module.ts')}, found none: run it in the folder of the app, name its project with --project, or its sources with --source-root`,
  );
}
