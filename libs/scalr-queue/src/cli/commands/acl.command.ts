import type { Command } from 'commander';
import { aclUsers, consoleUser } from '../../engine/redis/preflight/acl-block.js';
import { readEnvironment } from '../../config/environment.js';
import { checkApp } from '../../config/resolved-options.js';
import type { Cli } from '../cli.js';

/** `scalr-queue acl` */
export function registerAcl(program: Command, cli: Cli): void {
  program
    .command('acl')
    .description('print the Redis users of the app, for the ACL file of Redis; asks no Redis')
    .option(
      '--console',
      'of the console instead: it reads the keys of all apps and writes none (Redis 7)',
      false,
    )
    .action(({ console: ofConsole }: { readonly console: boolean }) => {
      const users = ofConsole ? [consoleUser()] : aclUsers(checkApp(cli.flags.app, readEnvironment()));
      cli.print({ users }, () => users.map(({ line }) => line).join('\n'));
      cli.note(
        'note: put the SHA-256 of a password of its own into each line: printf %s "$PASSWORD" | sha256sum',
      );
    });
}
