import type { Command } from 'commander';
import { setTimeout as pause } from 'node:timers/promises';
import { InvalidOptionError } from '../../errors/configuration.errors.js';
import { OptionChecker } from '../../options/option-checker.js';
import { RESOLVED_OPTIONS } from '../../options/tokens.js';
import type { ResolvedOptions } from '../../options/resolved-options.js';
import type { Cli } from '../cli.js';

const check = new OptionChecker(InvalidOptionError);
const SHORTEST = 250;
const LONGEST = 3_600_000;
/** How much a queue grows needs two looks. */
const BETWEEN = 1_000;

/** `scalr-queue top` */
export function registerTop(program: Command, cli: Cli): void {
  program
    .command('top')
    .description('live view of queues, rates, workers and what is dead; q quits, p pauses')
    .option('--interval <duration>', 'time between two looks', '2s')
    .option('--once', 'print it once; so it is also where the output is no terminal', false)
    .action(({ interval, once }: { interval: string; once: boolean }) =>
      cli.withApp(async (session) => {
        const given = /^\d+$/.test(interval) ? Number(interval) : interval;
        const every = check.duration('--interval', given, SHORTEST, LONGEST);
        const [{ TopReader }, { renderTop }, { TopLive }] = await Promise.all([
          import('../top/top.reader.js'),
          import('../top/top.view.js'),
          import('../top/top.live.js'),
        ]);
        const { app } = session.context.get<ResolvedOptions>(RESOLVED_OPTIONS, { strict: false });
        const reader = new TopReader(session);
        const look = { app, paint: cli.paint };
        const { stdout } = cli;
        if (!once && !cli.flags.json && stdout.isTTY) {
          await reader.read();
          return new TopLive(reader, every, look, stdout as NodeJS.WriteStream, cli.stdin).run();
        }
        await reader.read();
        await pause(BETWEEN);
        const frame = await reader.read();
        const data = { ...frame, rates: plain(frame.rates), growth: plain(frame.growth) };
        cli.print(data, () => renderTop(frame, { ...look, width: stdout.columns }).join('\n'));
      }),
    );
}

const plain = <Value>(byQueue: ReadonlyMap<string, Value>) => Object.fromEntries(byQueue);
