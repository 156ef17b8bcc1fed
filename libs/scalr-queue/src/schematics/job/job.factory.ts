import type { Rule } from '@angular-devkit/schematics';
import { InvalidOptionError } from '../../contract/errors/configuration.errors.js';
import { Project } from '../project/project.js';
import { wireProcessor } from './feature.module.js';
import { checkJobOptions, type JobOptions, namesOf } from './job.options.js';
import { definition, type JobTemplate, processor, processorSpec } from './job.templates.js';

/** `nest g -c scalr-queue job invoices/send-invoice` */
export function job(options: JobOptions): Rule {
  return (tree, context) => {
    checkJobOptions(options);
    const names = namesOf(options);
    const project = new Project(tree, options);
    const template: JobTemplate = {
      names,
      options,
      extension: project.isEsm ? '.js' : '',
      schema: (['zod', 'valibot'] as const).find((library) => project.has(library)),
    };
    const file = (suffix: string) => project.source(names.folder, `${names.file}.${suffix}.ts`);
    refuseOther(project, file('jobs'), names.constant);

    const written = [
      project.create(file('jobs'), definition(template)),
      project.create(file('processor'), processor(template)),
      options.spec !== false &&
        project.create(file(`processor.${options.specFileSuffix ?? 'spec'}`), processorSpec(template)),
    ];
    if (!options.skipImport) wireProcessor(project, names);
    if (!written.some(Boolean))
      context.logger.info(`${names.constant} is there already: its files stay as they are.`);
    if (!tree.exists(project.source('main.worker.ts')))
      context.logger.warn('No worker runs this job yet: nest g -c scalr-queue worker');
  };
}

/** A file of that name with other definitions is not ours to write a handler for. */
function refuseOther(project: Project, path: string, constant: string): void {
  if (project.tree.exists(path) && !new RegExp(`\\b${constant}\\b`).test(project.tree.readText(path)))
    throw new InvalidOptionError(
      `expected ${path} to define ${constant}, but it is there and does not: choose another name for the job`,
    );
}
