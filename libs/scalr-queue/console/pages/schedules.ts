import { may, quickButton } from '../act-dialog.js';
import { get, part, type Schedule } from '../api.js';
import { duration, moment } from '../format.js';
import { badge, table } from '../parts.js';
import type { Page } from './page.js';

export const schedulesPage: Page = {
  title: 'Schedules',
  key: 's',
  label: 'Schedules',
  draw: async ({ query, me }) => {
    const { schedules } = await get<{ schedules: Schedule[] }>('schedules', { app: query['app'] });
    return [
      table<Schedule>(
        'Schedules',
        [
          { title: 'Name', cell: ({ name }) => name },
          { title: 'App', cell: ({ app }) => app },
          { title: 'Queue', cell: ({ queue }) => queue },
          {
            title: 'When',
            cell: ({ cron, tz, every = 0 }) => (cron ? `${cron} ${tz ?? ''}` : `every ${duration(every)}`),
          },
          { title: 'Next', cell: ({ nextRunAt, paused }) => (paused ? '–' : moment(nextRunAt)) },
          { title: 'Last start', cell: ({ lastRunAt }) => moment(lastRunAt) },
          { title: 'Last success', cell: ({ lastSuccessAt }) => moment(lastSuccessAt) },
          { title: 'State', cell: stateOf },
          ...(may(me, 'retry') ? [{ title: 'Acts', cell: runNow }] : []),
        ],
        schedules,
        'No schedule: no worker has declared any.',
      ),
    ];
  },
};

const runNow = ({ app, name }: Schedule) =>
  quickButton('Run now', `schedules/${part(app)}/${part(name)}/run`);

function stateOf({ paused, lateSince, lastMissedAt, lastSuccessAt }: Schedule) {
  if (paused) return badge('warn', 'paused');
  if (lateSince) return [badge('bad', 'late'), ' since ', moment(lateSince)];
  const missed = lastMissedAt !== undefined && lastMissedAt > (lastSuccessAt ?? '');
  return missed ? [badge('bad', 'missed'), ' ', moment(lastMissedAt)] : 'active';
}
