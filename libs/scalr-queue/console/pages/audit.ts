import { type AuditEntry, get, part } from '../api.js';
import { type Child, h } from '../dom.js';
import { count, duration, moment } from '../format.js';
import { badge, foreign, table, to } from '../parts.js';
import type { Page, View } from './page.js';

/** What was done to jobs, queues and schedules, by whom. */
export const auditPage: Page = {
  title: 'Audit',
  key: 'a',
  label: 'Audit',
  draw: async ({ query }: View): Promise<Child[]> => {
    const { app, cursor, action, by } = query;
    const page = await get<{ entries: AuditEntry[]; cursor?: string }>(app ? `audit/${part(app)}` : 'audit', {
      cursor,
      limit: '100',
    });
    const entries = page.entries.filter(
      (one) => (!action || one.action === action) && (!by || one.by === by),
    );
    const only = (part: object, text: string) => to('audit', { ...query, ...part }, foreign(text));
    return [
      (action || by) &&
        h(
          'p',
          {},
          `${entries.length} of ${page.entries.length} looked at: ${[action, by].filter(Boolean).join(', ')}. `,
          to('audit', { app, cursor }, 'All'),
        ),
      table<AuditEntry>(
        'Acts, the latest first',
        [
          { title: 'When', cell: ({ at }) => moment(at) },
          { title: 'App', cell: (one) => one.app ?? app },
          { title: 'Who', cell: (one) => (one.by ? only({ by: one.by }, one.by) : 'not said') },
          { title: 'Via', cell: ({ via }) => via },
          { title: 'Act', cell: (one) => only({ action: one.action }, one.action) },
          { title: 'What', cell: ({ what }) => foreign(wordsOf(what)) },
          { title: 'Matched', number: true, cell: ({ matched }) => numberOf(matched) },
          { title: 'Done', number: true, cell: outcome },
          { title: 'Took', number: true, cell: ({ tookMs }) => duration(tookMs) },
        ],
        entries,
        'Nothing was done yet that is kept.',
      ),
      page.cursor && h('p', {}, to('audit', { app, action, by, cursor: page.cursor }, 'Older ones')),
    ];
  },
};

const numberOf = (value: number | undefined): string => (value === undefined ? '–' : count(value));

function outcome({ dryRun, error, done }: AuditEntry) {
  if (error) return badge('bad', error);
  return dryRun ? 'only counted' : numberOf(done);
}

const wordsOf = (what: AuditEntry['what']): string =>
  Object.entries(what)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
