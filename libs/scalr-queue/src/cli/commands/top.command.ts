import type { Command } from 'commander';
import { setTimeout as pause } from 'node:timers/promises';
import { InvalidOptionError } from '../../contract/errors/configuration.errors.js';
import { OptionChecker } from '../../contract/option-checker.js';
import { RESOLVED_OPTIONS } from '../../config/tokens.js';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import { WORKER_HEARTBEAT } from '../../contract/defaults.js';
import type { Cli } from '../cli.js';
import type { TopFrame } from '../top/top.reader.js';

const check = new OptionChecker(InvalidOptionError);
const MIN_INTERVAL_MS = 250;
const MAX_INTERVAL_MS = 3_600_000;
/** How much a queue grows needs two looks; a rate two heartbeats of the worker, so that it is not an average over its life. */
const BETWEEN = 1_000;

/** `scalr-queue top` */
export function registerTop(program: Command, cli: Cli): void {
  program
    .command('top')
    .description('live view of queues, rates, workers and what is dead; q quits, p pauses')
    .option('--interval <duration>', 'time between two looks', '2s')
    .option('--once', 'print it once; the default when the output is not a terminal', false)
    .option('--all', 'all apps of the Redis, as the operator', false)
    .action(({ interval, once, all }: { interval: string; once: boolean; all: boolean }) => {
      if (all) return topAll(cli, interval, once);
      return cli.withApp(async (session) => {
        const every = intervalOf(interval);
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
          const render = (frame: TopFrame, size: { width: number; height: number }) =>
            renderTop(frame, { ...look, ...size });
          const view = { paint: cli.paint, render };
          return new TopLive(reader, every, view, stdout as NodeJS.WriteStream, cli.stdin).run();
        }
        await reader.read();
        let frame;
        const until = performance.now() + WORKER_HEARTBEAT + BETWEEN;
        do {
          await pause(BETWEEN);
          frame = await reader.read();
        } while (reader.unsettled && performance.now() < until);
        const data = { ...frame, rates: plain(frame.rates), growth: plain(frame.growth) };
        cli.print(data, () => renderTop(frame, { ...look, width: stdout.columns }).join('\n'));
      });
    });
}

async function topAll(cli: Cli, interval: string, once: boolean): Promise<void> {
  const every = intervalOf(interval);
  const [{ readAllApps }, { renderApps }, { TopLive }] = await Promise.all([
    import('../../engine/redis/survey/all-apps.js'),
    import('../apps/apps.view.js'),
    import('../top/top.live.js'),
  ]);
  const read = () => readAllApps(cli.flags);
  const { stdout, paint } = cli;
  const { details: _details, ...report } = await read();
  if (once || cli.flags.json || !stdout.isTTY)
    return cli.print(report, () => renderApps(report, paint, stdout.columns).join('\n'));
  const render = (frame: typeof report, size: { width: number; height: number }) =>
    renderApps(frame, paint, size.width).slice(0, size.height);
  return new TopLive({ read }, every, { paint, render }, stdout as NodeJS.WriteStream, cli.stdin).run();
}

function intervalOf(interval: string): number {
  const given = /^\d+$/.test(interval) ? Number(interval) : interval;
  return check.duration('--interval', given, MIN_INTERVAL_MS, MAX_INTERVAL_MS);
}

const plain = <Value>(byQueue: ReadonlyMap<string, Value>) => Object.fromEntries(byQueue);
