import { actButton, may, quickButton } from '../act-dialog.js';
import { part, type Queue } from '../api.js';
import type { Child } from '../dom.js';
import { count, duration } from '../format.js';
import { badge, noApp, table, to } from '../parts.js';
import type { Page } from './page.js';

export const queuesPage: Page = {
  title: 'Queues',
  key: 'q',
  label: 'Queues',
  isOfOverview: true,
  draw: ({ query, me, overview }) => {
    const { app: wanted } = query;
    const apps = overview.apps.filter(({ app }) => !wanted || app === wanted);
    if (wanted && apps.length === 0) return [noApp(wanted)];
    const queues = apps.flatMap(({ app, queues: all }) => all.map((queue) => ({ app, ...queue })));
    const jobs = ({ app, name }: Queue, state: string, number: number) =>
      number > 0 ? to('jobs', { app, queue: name, state }, count(number)) : '0';
    return [
      table<Queue>(
        'Queues',
        [
          { title: 'App', cell: ({ app }) => app },
          { title: 'Queue', cell: (queue) => to('queue', { app: queue.app, queue: queue.name }, queue.name) },
          { title: 'State', cell: stateOf },
          { title: 'Waiting', number: true, cell: (one) => jobs(one, 'waiting', one.waiting) },
          {
            title: 'Oldest',
            number: true,
            cell: ({ oldestPendingAgeMs: age }) => (age > 0 ? duration(age) : '–'),
          },
          { title: 'Running', number: true, cell: (one) => jobs(one, 'running', one.running) },
          { title: 'Delayed', number: true, cell: (one) => jobs(one, 'delayed', one.delayed) },
          {
            title: 'Dead',
            number: true,
            cell: ({ app, name, dead }) => (dead > 0 ? to('dead', { app, queue: name }, count(dead)) : '0'),
          },
          { title: 'Workers', number: true, cell: ({ workers }) => count(workers) },
          ...(may(me, 'cancel') ? [{ title: 'Acts', cell: acts }] : []),
        ],
        queues,
        'No queue yet: nothing was enqueued, and no worker runs.',
      ),
    ];
  },
};

function acts({ app, name, paused, waiting, delayed }: Queue): Child {
  const path = `queues/${part(app)}/${part(name)}`;
  return [
    paused ? quickButton('Resume', `${path}/resume`) : quickButton('Pause', `${path}/pause`),
    ' ',
    waiting + delayed > 0 && actButton('Cancel…', { act: 'cancel', app, filter: { queue: name } }),
  ];
}

function stateOf({ paused, problem, workers, waiting, delayed }: Queue) {
  if (problem) return badge('bad', problem.message);
  if (paused) return badge('warn', 'paused');
  if (workers === 0 && waiting + delayed > 0) return badge('bad', 'no worker');
  return 'open';
}
