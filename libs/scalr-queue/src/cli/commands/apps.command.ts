import type { Command } from 'commander';
import type { Cli } from '../cli.js';

/** `scalr-queue apps` */
export function registerApps(program: Command, cli: Cli): void {
  program
    .command('apps')
    .description('all apps of the Redis: jobs, oldest age, workers, memory and connections; for the operator')
    .action(async () => {
      const [{ readAllApps }, { renderApps }] = await Promise.all([
        import('../../engine/redis/survey/all-apps.js'),
        import('../apps/apps.view.js'),
      ]);
      const { details: _details, ...report } = await readAllApps(cli.flags);
      cli.print(report, () => renderApps(report, cli.paint, cli.stdout.columns).join('\n'));
    });
}
