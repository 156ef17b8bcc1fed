import type { Command } from 'commander';
import type {
  ScheduleInfo,
  ScheduleOutcomes,
  SchedulesService,
  SlotOutcome,
} from '../../scheduling/schedules.service.js';
import type { Cli } from '../cli.js';
import { CliError } from '../cli-error.js';
import { allApps, type WhichApps, withApps } from '../several-apps.js';
import type { Column } from '../output/table.js';
import { formatDuration, formatMoment } from '../output/units.js';
import { confirm } from '../question.js';

type Listed = ScheduleInfo & { readonly outcomes: ScheduleOutcomes['slots'] };

const MARKS: Readonly<Record<SlotOutcome['outcome'], string>> = {
  ok: '■',
  failed: 'x',
  missed: '□',
  skipped: '-',
  cancelled: 'c',
};

const COLUMNS: readonly Column<Listed>[] = [
  { title: 'name', of: ({ name }) => name },
  { title: 'queue', of: ({ queue }) => queue },
  { title: 'when', of: ({ cron, every = 0 }) => cron ?? `every ${formatDuration(every)}` },
  { title: 'zone', of: ({ tz }) => tz },
  { title: 'next', of: ({ nextRunAt, paused }) => (paused ? undefined : formatMoment(nextRunAt)) },
  { title: 'last', of: ({ lastRunAt }) => lastRunAt && formatMoment(lastRunAt) },
  { title: 'success', of: ({ lastSuccessAt }) => lastSuccessAt && formatMoment(lastSuccessAt) },
  { title: 'state', of: stateOf },
  {
    title: 'last 30',
    of: ({ outcomes }) => outcomes.map(({ outcome }) => MARKS[outcome]).join('') || undefined,
  },
];

interface Flags {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

/** `scalr-queue schedules [list | run-now | pause | resume]` */
export function registerSchedules(program: Command, cli: Cli): void {
  const schedules = program.command('schedules').description('the recurring jobs');
  schedules
    .command('list', { isDefault: true })
    .description('all of them, with their next time and how their last slots ended')
    .addOption(allApps())
    .action((which: WhichApps) =>
      withApps(cli, which, async (app, out) =>
        out.list({
          rows: await listed(app.schedules),
          columns: COLUMNS,
          none: 'no schedule: no worker has declared any',
        }),
      ),
    );
  schedules
    .command('run-now <name>')
    .description('enqueue its job at once, beside its times')
    .option('--dry-run', 'only check that the schedule exists')
    .action((name: string, { dryRun }: Flags) =>
      cli.withApp(async (app) => {
        const { queue } = await find(app.schedules, name);
        if (dryRun)
          return cli.print({ name, queue, dryRun: true }, () => `would enqueue a job of ${name} in ${queue}`);
        const job = await app.schedules.runNow(name, cli.actor);
        cli.print(job, () => `enqueued ${job.name} in ${job.queue}: ${job.id}`);
      }),
    );
  schedules
    .command('pause <name>')
    .description('enqueue nothing until it is resumed, also over redeploys')
    .option('--dry-run', 'only check that the schedule exists')
    .option('--yes', 'do not ask')
    .action((name: string, { yes, dryRun }: Flags) =>
      cli.withApp(async (app) => {
        await find(app.schedules, name);
        if (dryRun) return cli.print({ name, dryRun: true }, () => `would pause ${name}`);
        await confirm(cli, `pause the schedule ${name}?`, yes);
        await app.schedules.pause(name, cli.actor);
        cli.print({ name, paused: true }, () => `paused ${name}`);
      }),
    );
  schedules
    .command('resume <name>')
    .description('go on with its next time')
    .action((name: string) =>
      cli.withApp(async (app) => {
        await app.schedules.resume(name, cli.actor);
        cli.print({ name, paused: false }, () => `resumed ${name}`);
      }),
    );
}

async function listed(service: SchedulesService): Promise<Listed[]> {
  const [all, outcomes] = await Promise.all([service.list(), service.outcomes()]);
  const slots = new Map(outcomes.map((one) => [one.name, one.slots]));
  return all.map((schedule) => ({ ...schedule, outcomes: slots.get(schedule.name) ?? [] }));
}

function stateOf({ paused, lateSince, lastMissedAt, lastSuccessAt }: ScheduleInfo) {
  if (paused) return { value: 'paused', tone: 'warn' } as const;
  if (lateSince) return { value: `late since ${formatMoment(lateSince)}`, tone: 'bad' } as const;
  if (lastMissedAt && +lastMissedAt > +(lastSuccessAt ?? 0))
    return { value: `missed ${formatMoment(lastMissedAt)}`, tone: 'bad' } as const;
  return 'active';
}

async function find(service: SchedulesService, name: string): Promise<ScheduleInfo> {
  const all = await service.list();
  const found = all.find((schedule) => schedule.name === name);
  if (found) return found;
  throw new CliError(
    `no schedule is called ${name}; known are: ${all.map((one) => one.name).join(', ') || 'none'}`,
  );
}
