import type { Command } from 'commander';
import type { QueueInfo } from '../../contract/queue-info.js';
import type { QueuesService } from '../../inspection/queues.service.js';
import type { Cli } from '../cli.js';
import { CliError } from '../cli-error.js';
import { confirm } from '../question.js';
import { counted } from '../../contract/counted.js';

interface Flags {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

/** `scalr-queue pause QUEUE`, `scalr-queue resume QUEUE` */
export function registerPause(program: Command, cli: Cli): void {
  program
    .command('pause <queue>')
    .description('start no more jobs of a queue, on all workers; those that run go on')
    .option('--dry-run', 'only print what it would hold up')
    .option('--yes', 'do not ask')
    .action((name: string, { yes, dryRun }: Flags) =>
      cli.withApp(async ({ queues }) => {
        const queue = await find(queues, name);
        const held = `${queue.waiting} waiting and ${counted(queue.delayed, 'delayed job')} would stay, ${queue.running} running ${queue.running === 1 ? 'goes' : 'go'} on`;
        if (dryRun) return cli.print({ name, dryRun: true, queue }, () => `would pause ${name}: ${held}`);
        await confirm(cli, `pause the queue ${name} for all workers? ${held}.`, yes);
        await queues.pause(name, cli.actor);
        cli.print({ name, paused: true }, () => `paused ${name}`);
      }),
    );
  program
    .command('resume <queue>')
    .description('let the jobs of a paused queue start again')
    .action((name: string) =>
      cli.withApp(async ({ queues }) => {
        await find(queues, name);
        await queues.resume(name, cli.actor);
        cli.print({ name, paused: false }, () => `resumed ${name}`);
      }),
    );
}

async function find(service: QueuesService, name: string): Promise<QueueInfo> {
  const all = await service.list();
  const found = all.find((queue) => queue.name === name);
  if (found) return found;
  throw new CliError(
    `no queue is called ${name}; known are: ${all.map((one) => one.name).join(', ') || 'none'}`,
  );
}
