import type { Command } from 'commander';
import { runSchematic } from '../schematics.js';

interface InitFlags {
  readonly project?: string;
  readonly sourceRoot?: string;
  readonly dryRun?: boolean;
}

/** `scalr-queue init` */
export function registerInit(program: Command): void {
  program
    .command('init [name]')
    .description(
      'make the Nest app of this folder ready for jobs: worker process, health, compose file, scripts',
    )
    .option('--project <project>', 'project of nest-cli.json')
    .option('--source-root <folder>', 'folder of the sources, where there is no nest-cli.json')
    .option('--dry-run', 'show what would be written')
    .action((name: string | undefined, { project, sourceRoot, dryRun }: InitFlags) =>
      runSchematic('worker', { name, project, 'source-root': sourceRoot, 'dry-run': dryRun }),
    );
}
