import { Command, CommanderError, Option } from 'commander';
import { Cli } from './cli.js';
import { registerAcl } from './commands/acl.command.js';
import { registerApps } from './commands/apps.command.js';
import { registerAudit } from './commands/audit.command.js';
import { registerBurst } from './commands/burst.command.js';
import { registerCancel } from './commands/cancel.command.js';
import { registerCheck } from './commands/check.command.js';
import { registerConsole } from './commands/console.command.js';
import { registerDead } from './commands/dead.command.js';
import { registerDev } from './commands/dev.command.js';
import { registerDoctor } from './commands/doctor.command.js';
import { registerExplain } from './commands/explain.command.js';
import { registerHistory } from './commands/history.command.js';
import { registerJob } from './commands/job.command.js';
import { registerJobs } from './commands/jobs.command.js';
import { registerOutbox } from './commands/outbox.command.js';
import { registerPause } from './commands/pause.command.js';
import { registerPing } from './commands/ping.command.js';
import { registerGenerate } from './commands/generate.command.js';
import { registerInit } from './commands/init.command.js';
import { registerQueues } from './commands/queues.command.js';
import { registerSchedules } from './commands/schedules.command.js';
import { registerShared } from './commands/shared.commands.js';
import { registerTop } from './commands/top.command.js';
import { registerWorkers } from './commands/workers.command.js';
import { ExitCode } from './exit-codes.js';
import { LIBRARY_VERSION } from '../worker/library-version.js';
import { cleanLines } from '../observability/clean-text.js';

/** Each command is a file that adds itself to the program. */
const COMMANDS = [
  registerCheck,
  registerApps,
  registerQueues,
  registerWorkers,
  registerTop,
  registerJobs,
  registerJob,
  registerExplain,
  registerDead,
  registerSchedules,
  registerShared,
  registerPause,
  registerCancel,
  registerAudit,
  registerHistory,
  registerPing,
  registerConsole,
  registerDoctor,
  registerOutbox,
  registerAcl,
  registerDev,
  registerBurst,
  registerInit,
  registerGenerate,
];

/** The command line, with everything it can do. */
export function createProgram(cli: Cli): Command {
  const program = new Command('scalr-queue')
    .description('Operate the background jobs of an app.')
    .addOption(
      new Option('--app <name>', 'name of the app, or of several: billing,mail; defaults to SCALR_APP'),
    )
    .addOption(
      new Option(
        '--redis <url>',
        'where Redis is; defaults to SCALR_REDIS_URL, which no list of processes shows',
      ),
    )
    .addOption(
      new Option('--ca <file>', 'certificates of the CA of a Redis with TLS; defaults to SCALR_REDIS_CA'),
    )
    .option('--as <name>', 'who acts, for the list that `audit` prints')
    .option('--json', 'print JSON instead of tables', false)
    .version(LIBRARY_VERSION, '--version', 'print the version of scalr-queue')
    .helpCommand(true)
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => cli.stdout.write(text),
      writeErr: (text) => cli.stderr.write(cleanLines(text)),
    })
    // Before the commands: they inherit it.
    .exitOverride();
  cli.readSettings(() => program.opts());
  for (const register of COMMANDS) register(program, cli);
  return program;
}

/** Runs one command line; resolves to the exit code of the process, and never rejects. */
export async function runCli(args: readonly string[], cli = new Cli()): Promise<number> {
  try {
    await createProgram(cli).parseAsync(args, { from: 'user' });
    return cli.exitCode;
  } catch (error) {
    // The commander has said what is wrong.
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
    return cli.fail(error);
  }
}
