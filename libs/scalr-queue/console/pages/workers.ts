import { get, type Worker } from '../api.js';
import { h } from '../dom.js';
import { moment } from '../format.js';
import { badge, type Column, table, to } from '../parts.js';
import type { Page } from './page.js';

export const workersPage: Page = {
  title: 'Workers',
  key: 'w',
  label: 'Workers',
  draw: async ({ query }) => {
    const found = await get<{ workers: Worker[]; gone: Worker[] }>('workers', { app: query['app'] });
    return [
      table<Worker>(
        'Workers',
        [
          ...WHO,
          { title: 'Queues', cell: ({ queues }) => queues.join(', ') },
          { title: 'Running', cell: runs },
          { title: 'Up', cell: ({ startedAt }) => moment(startedAt) },
          { title: 'State', cell: ({ draining }) => (draining ? badge('warn', 'draining') : 'working') },
        ],
        found.workers,
        'No worker lives.',
      ),
      table<Worker>(
        'Died without shutting down, in the last day',
        [...WHO, { title: 'Last seen', cell: ({ seenAt }) => moment(seenAt) }, { title: 'Ran', cell: runs }],
        found.gone,
        'None.',
      ),
    ];
  },
};

const WHO: readonly Column<Worker>[] = [
  { title: 'App', cell: ({ app }) => app },
  { title: 'Host', cell: ({ host }) => host },
  { title: 'Process', number: true, cell: ({ pid }) => pid },
  { title: 'Program', cell: ({ program, version }) => [program, version].filter(Boolean).join(' ') || '–' },
  { title: 'Library', cell: ({ libraryVersion }) => libraryVersion },
];

/** The first of its jobs by name; those further on as a number. */
function runs({ app, running, runningJobs }: Worker) {
  if (running === 0) return '–';
  const shown = runningJobs.slice(0, 3);
  return h(
    'span',
    {},
    ...shown.flatMap(({ id }, at) => [at > 0 ? ', ' : '', to('find', { id, app }, id)]),
    running > shown.length ? ` and ${running - shown.length} more` : '',
  );
}
