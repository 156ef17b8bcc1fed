import type { Command } from 'commander';
import { resolve } from 'node:path';
import type { Cli } from '../cli.js';
import { DEFAULT_ENTRY, environmentOf, existingEntry } from '../processes/entry.js';

interface DevFlags {
  readonly watch: string[];
  readonly build?: string;
}

/** `scalr-queue dev` */
export function registerDev(program: Command, cli: Cli): void {
  program
    .command('dev')
    .description('run a worker, and restart it when its files change; Ctrl-C ends everything')
    .argument('[entry]', 'file that calls runWorker', DEFAULT_ENTRY)
    .option('--watch <folder...>', 'folders to watch beside that of the entry', [])
    .option('--build <command>', 'command that keeps building, such as "nest build --watch"')
    .action(async (entry: string, { watch, build }: DevFlags) => {
      const { DevSession } = await import('../processes/dev.session.js');
      const session = new DevSession({
        // With a build it may come later.
        entry: build === undefined ? existingEntry(entry) : resolve(entry),
        watch: watch.map((folder) => resolve(folder)),
        build,
        env: environmentOf(cli.flags),
        say: (line) => cli.note(`dev: ${line}`),
      });
      await session.run();
    });
}
