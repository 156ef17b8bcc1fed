import { type Command, Option } from 'commander';
import type { Duration } from '../../contract/duration.js';
import type { History, HistoryColumn, HistoryQuery, HistoryRange } from '../../contract/history.js';
import { HISTORY_RANGES, HistoryService } from '../../history/history.service.js';
import { cleanText } from '../../observability/clean-text.js';
import type { Cli } from '../cli.js';
import { renderFields } from '../output/table.js';
import { sparkline } from '../output/sparkline.js';
import { formatDuration, formatMoment } from '../output/units.js';

/** Some sixty characters for each range. */
const STEPS: Readonly<Record<HistoryRange, Duration>> = { '1h': '1m', '6h': '6m', '24h': '24m', '14d': '6h' };

interface Flags {
  readonly range: HistoryRange;
  readonly kind?: string;
  readonly queue?: string;
}

/** `scalr-queue history` */
export function registerHistory(program: Command, cli: Cli): void {
  program
    .command('history')
    .description('what the workers did in the last hours and days, as lines to look at')
    .addOption(new Option('--range <range>', 'how far back').choices(HISTORY_RANGES).default('6h'))
    .option('--kind <name>', 'only jobs of that name')
    .option('--queue <name>', 'only jobs of that queue')
    .action((flags: Flags) =>
      cli.withApp(async (app) => {
        // A program wants the cells as they are, a person what fits on a line.
        const query: HistoryQuery = cli.flags.json ? flags : { ...flags, step: STEPS[flags.range] };
        const history = await app.get(HistoryService).read(query);
        cli.print(history, () => textOf(history, cli));
      }),
    );
}

function textOf({ series, step, deploys }: History, cli: Cli): string {
  const { done, failed, dead, runMs, started, waitP95Ms, oldestMs } = series;
  if (done.every((value) => value === null)) return 'no worker wrote history in that time';
  const ended = sum(done) + sum(failed);
  const fields: [string, string][] = [
    ['done', drawn(done, `${sum(done)}`)],
    ['failed', drawn(failed, `${sum(failed)}`)],
    ['dead', drawn(dead, `${sum(dead)}`)],
    ['run time', drawn(runMs, ended === 0 ? '-' : `${formatDuration(sum(runMs) / ended)} an attempt`)],
  ];
  if (started && waitP95Ms && oldestMs)
    fields.push(
      ['started', drawn(started, `${sum(started)}`)],
      ['wait p95', drawn(waitP95Ms, upTo(waitP95Ms))],
      ['oldest', drawn(oldestMs, upTo(oldestMs))],
    );
  const lines = [
    renderFields(fields, cli.paint),
    `a character is ${formatDuration(step)}; · no worker wrote, or nothing ran`,
  ];
  for (const { version, firstSeenAt } of deploys)
    lines.push(`${cleanText(version)} first seen ${formatMoment(firstSeenAt)}`);
  return lines.join('\n');
}

const drawn = (column: HistoryColumn, text: string): string => `${sparkline(column)}  ${text}`;

const sum = (column: HistoryColumn): number => column.reduce<number>((all, value) => all + (value ?? 0), 0);

function upTo(column: HistoryColumn): string {
  const most = Math.max(...column.map((value) => value ?? -1));
  return most < 0 ? '-' : `at most ${formatDuration(most)}`;
}
