import type { Command } from 'commander';
import { runSchematic } from '../schematics.js';

interface JobFlags {
  readonly queue?: string;
  readonly schedule?: string;
  readonly project?: string;
  readonly sourceRoot?: string;
  readonly flat?: boolean;
  readonly spec: boolean;
  readonly dryRun?: boolean;
}

/** `scalr-queue generate job <name>`: `nest g`, which takes no options but its own, with the options of a job. */
export function registerGenerate(program: Command): void {
  program
    .command('generate')
    .alias('g')
    .description('add files to the Nest app of this folder')
    .command('job <name>')
    .description('definition, handler and spec of a job, wired into the module of its feature')
    .option('--queue <queue>', 'queue that the job waits in')
    .option('--schedule <cron>', 'five cron fields (UTC), for a job that runs by the clock')
    .option('--project <project>', 'project of nest-cli.json')
    .option('--source-root <folder>', 'folder of the sources, where there is no nest-cli.json')
    .option('--flat', 'no folder of its own for a name without one')
    .option('--no-spec', 'no spec of the handler')
    .option('--dry-run', 'show what would be written')
    .action((name: string, { dryRun, sourceRoot, ...flags }: JobFlags) =>
      runSchematic('job', { name, ...flags, 'source-root': sourceRoot, 'dry-run': dryRun }),
    );
}
