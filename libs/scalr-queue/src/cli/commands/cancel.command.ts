import type { Command } from 'commander';
import type { CancelOutcome } from '../../contract/job-info.js';
import type { Cli } from '../cli.js';
import { CliError } from '../cli-error.js';
import { confirm } from '../question.js';
import { addRefFlags, type RefFlags, refOf } from './job-ref.js';

const TEXTS: Readonly<Record<Exclude<CancelOutcome, 'not-found'>, string>> = {
  cancelled: 'cancelled: it will never run',
  cancelling: 'it runs, and was asked to stop',
  finished: 'too late: it has finished',
};

interface Flags extends RefFlags {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

/** `scalr-queue cancel ID` */
export function registerCancel(program: Command, cli: Cli): void {
  addRefFlags(program.command('cancel <id>'))
    .description('end a waiting job, or ask a running one to stop')
    .option('--dry-run', 'only print its state')
    .option('--yes', 'do not ask')
    .action((id: string, { yes, dryRun, ...which }: Flags) =>
      cli.withApp(async ({ jobs }) => {
        const ref = refOf(id, which);
        const job = await jobs.get(ref);
        if (!job) throw new CliError(`no job with the id ${id} is stored`);
        if (dryRun)
          return cli.print(
            { id, state: job.state, dryRun: true },
            () => `would cancel ${job.name}, which is ${job.state}`,
          );
        const isOver = job.state === 'completed' || job.state === 'dead';
        if (!isOver) await confirm(cli, `cancel the job ${id} (${job.name}, ${job.state})?`, yes);
        const outcome = await jobs.cancel(ref);
        if (outcome === 'not-found') throw new CliError(`no job with the id ${id} is stored any more`);
        if (outcome === 'finished') throw new CliError(TEXTS.finished);
        cli.print({ id, outcome }, () => TEXTS[outcome]);
      }),
    );
}
