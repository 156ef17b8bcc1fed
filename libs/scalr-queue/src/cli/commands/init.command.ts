import type { Command } from 'commander';
import { runSchematic } from '../schematics.js';

/** `scalr-queue init` */
export function registerInit(program: Command): void {
  program
    .command('init [name]')
    .description(
      'make the Nest app of this folder ready for jobs: worker process, health, compose file, scripts',
    )
    .option('--project <project>', 'project of nest-cli.json')
    .option('--dry-run', 'show what would be written')
    .action((name: string | undefined, { project, dryRun }: { project?: string; dryRun?: boolean }) =>
      runSchematic('worker', { name, project, 'dry-run': dryRun }),
    );
}
