import type { Command } from 'commander';
import { AuditService } from '../../audit/audit.service.js';
import type { AuditEntry } from '../../contract/audit.js';
import { wholeNumber } from '../arguments.js';
import type { Cli } from '../cli.js';
import { allApps, withApps } from '../several-apps.js';
import type { Column } from '../output/table.js';
import { formatDuration, formatMoment } from '../output/units.js';

const COLUMNS: readonly Column<AuditEntry>[] = [
  { title: 'when', of: ({ at }) => formatMoment(at) },
  { title: 'who', of: ({ by }) => by },
  { title: 'via', of: ({ via }) => via },
  { title: 'action', of: ({ action, dryRun }) => (dryRun ? `${action} (dry run)` : action) },
  { title: 'what', of: whatOf },
  { title: 'matched', of: ({ matched }) => matched },
  { title: 'done', of: ({ done, error }) => (error === undefined ? done : { value: error, tone: 'bad' }) },
  { title: 'took', of: ({ tookMs }) => formatDuration(tookMs) },
];

/** `scalr-queue audit` */
export function registerAudit(program: Command, cli: Cli): void {
  program
    .command('audit')
    .description('who did what to jobs, queues and schedules, the newest first')
    .option('--limit <number>', 'entries on the page, 1 to 1000', wholeNumber, 20)
    .option('--cursor <cursor>', 'continue after the previous page')
    .addOption(allApps())
    .action(({ limit, cursor, all }: { limit: number; cursor?: string; all?: boolean }) =>
      withApps(cli, { all, single: cursor && 'a cursor' }, async (app, out) => {
        const page = await app.get(AuditService).list({ limit, ...(cursor === undefined ? {} : { cursor }) });
        out.list({ rows: page.entries, columns: COLUMNS, none: 'nobody has done anything', data: page });
        if (page.cursor) out.note(`more: the same with --cursor ${page.cursor}`);
      }),
    );
}

function whatOf({ what }: AuditEntry): string {
  return Object.entries(what)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}
