import type { Act, App, Overview } from '../api.js';
import { type Child, h } from '../dom.js';
import { bytes, count, duration } from '../format.js';
import { historyOf } from '../history.js';
import { badge, facts, foreign, notes, table, to } from '../parts.js';
import type { Page, View } from './page.js';

export const overviewPage: Page = {
  title: 'Overview',
  key: 'o',
  label: 'Overview',
  isOfOverview: true,
  draw: async ({ overview, acts, query }: View): Promise<Child[]> => [
    problems(overview),
    underWay(acts),
    server(overview),
    apps(overview),
    ...(await historyOf('overview', query)),
    notes(overview.notes),
  ],
};

function problems({ problems: all }: Overview) {
  if (all.length === 0) return h('p', { class: 'fine' }, badge('good', 'fine'), ' Nothing is wrong.');
  return h(
    'section',
    {},
    h('h2', {}, `Problems (${all.length})`),
    h(
      'ul',
      { class: 'problems' },
      ...all.map(({ app, severity, problem, cure }) =>
        h(
          'li',
          {},
          badge(severity === 'warning' ? 'warn' : 'bad', severity),
          ' ',
          app === undefined ? h('strong', {}, 'redis') : h('strong', {}, to('queues', { app }, app)),
          ' ',
          foreign(`${problem}.`),
          ' ',
          h('span', { class: 'cure' }, `${cure}.`),
        ),
      ),
    ),
  );
}

/** What somebody does to many jobs at this moment, here or elsewhere. */
function underWay(acts: readonly Act[]) {
  const running = acts.filter(({ state }) => state === 'running');
  if (running.length === 0) return undefined;
  return h(
    'section',
    {},
    h('h2', {}, 'Under way'),
    h(
      'ul',
      {},
      ...running.map(({ act, app, by, done, matched }) =>
        h('li', {}, `${act} in ${app} by `, foreign(by), `: ${count(done)} of ${count(matched)}`),
      ),
    ),
  );
}

function server({ server: { usedMemory, maxMemory, clients, maxClients }, apps: all }: Overview) {
  const memory =
    usedMemory === undefined
      ? undefined
      : `${bytes(usedMemory)}${maxMemory ? ` of ${bytes(maxMemory)}` : ', no limit'}`;
  return facts([
    ['Apps', count(all.length)],
    ['Memory of Redis', memory],
    [
      'Connections',
      clients === undefined ? undefined : `${count(clients)}${maxClients ? ` of ${count(maxClients)}` : ''}`,
    ],
  ]);
}

function apps({ apps: all }: Overview) {
  return table<App>(
    'Apps',
    [
      { title: 'App', cell: ({ app }) => to('queues', { app }, app) },
      { title: 'Waiting', number: true, cell: ({ waiting }) => count(waiting) },
      {
        title: 'Oldest',
        number: true,
        cell: ({ oldestPendingAgeMs: age }) => (age > 0 ? duration(age) : '–'),
      },
      { title: 'Running', number: true, cell: ({ running }) => count(running) },
      { title: 'Delayed', number: true, cell: ({ delayed }) => count(delayed) },
      {
        title: 'Dead',
        number: true,
        cell: ({ app, dead }) => (dead > 0 ? to('dead', { app }, count(dead)) : '0'),
      },
      {
        title: 'Workers',
        number: true,
        cell: ({ app, workers }) =>
          workers > 0 ? to('workers', { app }, count(workers)) : badge('warn', 'none'),
      },
      { title: 'Version', cell: ({ versions }) => versions.join(', ') || '–' },
      { title: 'Memory', number: true, cell: ({ bytes: size }) => (size === undefined ? '–' : bytes(size)) },
    ],
    all,
    'No app has stored anything yet.',
  );
}
