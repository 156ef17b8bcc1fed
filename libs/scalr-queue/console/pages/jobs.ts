import { get, type Job, part } from '../api.js';
import { type Child, h } from '../dom.js';
import { moment } from '../format.js';
import { badge, errorText, hrefOf, table, to } from '../parts.js';
import type { Page, View } from './page.js';

const STATES = ['running', 'waiting', 'delayed', 'dead', 'completed'];

/** Jobs of a queue, by state. */
export const jobsPage: Page = {
  title: 'Jobs',
  draw: async ({ query }: View): Promise<Child[]> => {
    const { app = '', queue, state, name, cursor } = query;
    const page = await get<{ jobs: Job[]; cursor?: string }>('jobs', { app, queue, state, name, cursor });
    const states = ['', ...STATES].map((one) =>
      h(
        'a',
        {
          href: hrefOf('jobs', { app, queue, name, state: one }),
          'aria-current': (state ?? '') === one && 'true',
        },
        one || 'all',
      ),
    );
    return [
      h('nav', { 'aria-label': 'State', class: 'choice' }, ...states),
      list(app, page.jobs, `Jobs of ${queue ?? app}`),
      page.cursor && h('p', {}, to('jobs', { app, queue, state, name, cursor: page.cursor }, 'More')),
    ];
  },
};

/** Jobs with an id, in whichever app. */
export const findPage: Page = {
  title: 'Search',
  draw: async ({ query }: View): Promise<Child[]> => {
    const { id = '' } = query;
    const { jobs } = await get<{ jobs: (Job & { app: string })[] }>(`find/${part(id)}`);
    if (jobs.length === 0) return [h('p', { class: 'none' }, `No app has a job with the id ${id}.`)];
    return [...new Set(jobs.map(({ app }) => app))].map((app) =>
      list(
        app,
        jobs.filter((job) => job.app === app),
        `Found in ${app}`,
      ),
    );
  },
};

function list(app: string, jobs: readonly Job[], title: string): HTMLElement {
  return table<Job>(
    title,
    [
      { title: 'Job', cell: ({ id, name, queue }) => to('job', { app, name, id, queue }, id) },
      { title: 'Kind', cell: ({ name }) => name },
      { title: 'Queue', cell: ({ queue }) => queue },
      { title: 'State', cell: ({ state, reason }) => (reason ? badge('bad', `dead: ${reason}`) : state) },
      { title: 'Attempt', number: true, cell: ({ attempt, maxAttempts }) => `${attempt}/${maxAttempts}` },
      { title: 'Enqueued', cell: ({ enqueuedAt }) => moment(enqueuedAt) },
      { title: 'Error', cell: ({ error }) => error && errorText(error) },
    ],
    jobs,
    'No such job.',
  );
}
