import type { Rule } from '@angular-devkit/schematics';
import { Project, type ProjectOptions } from '../project/project.js';
import { compose, environment, redisCompose } from './deployment.templates.js';
import { completeManifest } from './manifest.js';
import { prepareWeb } from './web-process.js';
import { buildWorker } from './worker.build.js';
import { mainWorker, queueOptions, workerModule, type WorkerTemplate } from './worker.templates.js';

/** Options of `nest g -c scalr-queue worker`, as schematics/worker.schema.json describes them. */
export interface WorkerOptions extends ProjectOptions {
  readonly name?: string;
}

const REDIS_COMPOSE = 'ops/redis/compose.yml';
const COMPOSE_FILES = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];

/** `nest g -c scalr-queue worker`; again, it changes nothing. */
export function worker(options: WorkerOptions): Rule {
  return (tree, context) => {
    const project = new Project(tree, options);
    const template: WorkerTemplate = {
      app: appName(options.name ?? project.name ?? project.manifest.name ?? 'app'),
      isEsm: project.isEsm,
    };
    const left = prepareWeb(project, template);
    project.create(project.source('queue.options.ts'), queueOptions(template));
    project.create(project.source('worker.module.ts'), workerModule(template));
    project.create(project.source('main.worker.ts'), mainWorker(template));
    const build = buildWorker(project);
    left.push(...build.left);
    const missing = completeManifest(project, build.scripts);
    addEnvironment(project, template.app);
    left.push(...addCompose(project, template.app, build.script));
    if (missing.length > 0) left.unshift(`npm install (for ${missing.join(', ')})`);
    for (const step of left) context.logger.warn(`Left to do: ${step}`);
  };
}

/** What the rules for names of apps leave of a package's name. */
function appName(name: string): string {
  const plain = name.replace(/^@[^/]*\//, '').replace(/[^A-Za-z0-9_.-]+/g, '-');
  return plain.replace(/^[^A-Za-z0-9]+/, '').slice(0, 64) || 'app';
}

/** Redis, which all apps share, is a compose project of its own. A compose file of the user stays as it is: ours stands beside it. */
function addCompose(project: Project, app: string, script: string): string[] {
  const theirs = COMPOSE_FILES.find((file) => project.tree.exists(file));
  const isThere = theirs !== undefined && project.tree.readText(theirs).includes('scalr-redis');
  // Of an earlier version of this generator, or by hand: it has the Redis and the worker.
  if (isThere && project.tree.readText(theirs).includes('container_name: scalr-redis')) return [];
  project.create(REDIS_COMPOSE, redisCompose());
  if (isThere) {
    if (project.isMain || project.tree.readText(theirs).includes(script)) return [];
    return [
      `add a second service like worker to ${theirs}, with SCALR_APP: ${app} and the command ['node', '${script}']`,
    ];
  }
  const file = theirs === undefined ? 'docker-compose.yml' : 'compose.scalr-queue.yml';
  if (!project.create(file, compose(app, script))) return [];
  const start = [`docker compose -f ${REDIS_COMPOSE} up -d (once per host: the Redis of all apps)`];
  if (theirs) start.push(`docker compose -f ${theirs} -f ${file} up -d (${theirs} stays as it is)`);
  return start;
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
