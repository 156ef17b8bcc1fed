import type { Rule } from '@angular-devkit/schematics';
import { Project, type ProjectOptions } from '../project/project.js';
import { compose, environment } from './deployment.templates.js';
import { completeManifest, workerScript } from './manifest.js';
import { prepareWeb } from './web-process.js';
import { mainWorker, queueOptions, workerModule, type WorkerTemplate } from './worker.templates.js';

/** Options of `nest g -c scalr-queue worker`, as schematics/worker.schema.json describes them. */
export interface WorkerOptions extends ProjectOptions {
  readonly name?: string;
}

const COMPOSE_FILES = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];

/** `nest g -c scalr-queue worker`; again, it changes nothing. */
export function worker(options: WorkerOptions): Rule {
  return (tree, context) => {
    const project = new Project(tree, options);
    const template: WorkerTemplate = {
      app: appName(options.name ?? options.project ?? project.manifest.name ?? 'app'),
      isEsm: project.isEsm,
    };
    const left = prepareWeb(project, template);
    project.create(project.source('queue.options.ts'), queueOptions(template));
    project.create(project.source('worker.module.ts'), workerModule(template));
    project.create(project.source('main.worker.ts'), mainWorker(template));
    const missing = completeManifest(project);
    addEnvironment(project, template.app);
    left.push(...addCompose(project, template.app));
    if (missing.length > 0) left.unshift(`npm install (for ${missing.join(', ')})`);
    for (const step of left) context.logger.warn(`Left to do: ${step}`);
  };
}

/** What the rules for names of apps leave of a package's name. */
function appName(name: string): string {
  const plain = name.replace(/^@[^/]*\//, '').replace(/[^A-Za-z0-9_.-]+/g, '-');
  return plain.replace(/^[^A-Za-z0-9]+/, '').slice(0, 64) || 'app';
}

/** A compose file of the user stays as it is: ours stands beside it. */
function addCompose(project: Project, app: string): string[] {
  const content = compose(app, workerScript(project));
  const theirs = COMPOSE_FILES.find((file) => project.tree.exists(file));
  if (!theirs) {
    project.create('docker-compose.yml', content);
    return [];
  }
  if (project.tree.readText(theirs).includes('scalr-redis')) return [];
  const created = project.create('compose.scalr-queue.yml', content);
  return created
    ? [`docker compose -f ${theirs} -f compose.scalr-queue.yml up -d (${theirs} stays as it is)`]
    : [];
}

function addEnvironment(project: Project, app: string): void {
  const file = '.env.example';
  const present = project.tree.exists(file) ? project.tree.readText(file) : '';
  const missing = Object.entries(environment(app)).filter(
    ([name]) => !new RegExp(`^#?\\s*${name}=`, 'm').test(present),
  );
  if (missing.length === 0) return;
  const gap = present === '' ? '' : present.endsWith('\n') ? '\n' : '\n\n';
  const text = present + gap + missing.map(([, lines]) => lines).join('\n');
  if (present === '') project.create(file, text);
  else project.edit(file, () => text);
}
