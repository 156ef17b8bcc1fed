import { type Command, Option } from 'commander';
import { counted } from '../../contract/counted.js';
import type { QueueSample, SampleBy, SamplePart } from '../../contract/queue-sample.js';
import { wholeNumber } from '../arguments.js';
import type { Cli } from '../cli.js';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { type Column, renderTable } from '../output/table.js';
import { formatBytes } from '../output/units.js';

const KINDS = ['kind', 'tag', 'size'] as const;

interface Flags {
  readonly by?: (typeof KINDS)[number];
  readonly payload?: string;
  readonly size?: number;
}

/** `scalr-queue queues sample QUEUE --by tag` */
export function registerSample(queues: Command, cli: Cli): void {
  queues
    .command('sample <queue>')
    .description('who fills a queue: shares of kinds, tags, sizes or values among the jobs that wait')
    .addOption(new Option('--by <what>', 'what to divide; kind by default').choices(KINDS))
    .option('--payload <path>', 'divide by the value at this path of the payload')
    .option('--size <number>', 'jobs to look at, 1 to 5000; 500 by default', wholeNumber)
    .action((queue: string, { by, payload, size }: Flags) => {
      if (by !== undefined && payload !== undefined)
        throw new CliError('give --by or --payload, not both', ExitCode.usage);
      const chosen: SampleBy = payload === undefined ? (by ?? 'kind') : { payload };
      return cli.withApp(async ({ queues: service }) => {
        const sample = await service.sample(queue, { by: chosen, ...(size === undefined ? {} : { size }) });
        cli.print(sample, () => render(sample, cli));
      });
    });
}

function render(sample: QueueSample, { paint, stdout }: Cli): string {
  const { total, lookedAt, exact, damaged, tooLarge, parts, others, by } = sample;
  const mark = exact ? '' : '~';
  const columns: readonly Column<SamplePart>[] = [
    { title: 'share', of: ({ share }) => `${mark}${Math.round(100 * share)} %` },
    { title: 'jobs', of: ({ estimate }) => `${mark}${estimate}` },
    { title: 'payload', of: ({ bytes, jobs }) => formatBytes(Math.round(bytes / jobs)) },
    // It may be long.
    { title: typeof by === 'object' ? 'value' : by, of: ({ value }) => nameOf(value) },
  ];
  const head = exact
    ? `${counted(total, 'job')} waiting`
    : `${counted(total, 'job')} waiting, ${lookedAt} of them looked at: ~ is an estimate`;
  return [
    head,
    ...(parts.length > 0 ? ['', renderTable(columns, parts, paint, stdout.columns)] : []),
    ...(others > 0 ? [`${others} of those looked at are of further values`] : []),
    ...(tooLarge > 0 ? [`${tooLarge} of those looked at have a payload that is too large to be read`] : []),
    ...(damaged > 0 ? [`${damaged} of those looked at are damaged, and counted nowhere`] : []),
  ].join('\n');
}

/** `-` where a job has none; a text that looks like another value is told apart from it. */
function nameOf(value: SamplePart['value']): string | undefined {
  if (value === undefined || typeof value !== 'string')
    return value === undefined ? undefined : String(value);
  return /^(?:-?\d|true$|false$|null$|$)/.test(value) ? JSON.stringify(value) : value;
}
