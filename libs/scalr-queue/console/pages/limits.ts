import { get, type Limits } from '../api.js';
import { h } from '../dom.js';
import { count, duration } from '../format.js';
import { badge, foreign, notes, table, to } from '../parts.js';
import type { Page } from './page.js';

/** What holds jobs back, how much of it is used, and who holds it. */
export const limitsPage: Page = {
  title: 'Limits',
  key: 'l',
  label: 'Limits',
  draw: async ({ query }) => {
    const { queues, limiters, locks, notes: missing } = await get<Limits>('limits', { app: query['app'] });
    return [
      table<Limits['queues'][number]>(
        'Queues',
        [
          { title: 'App', cell: ({ app }) => app },
          { title: 'Queue', cell: ({ app, name }) => to('queue', { app, queue: name }, name) },
          { title: 'Running', number: true, cell: running },
          { title: 'Started', number: true, cell: started },
          { title: 'Counted anew', cell: ({ rateLimit: rate }) => anew(rate?.resetInMs ?? 0) },
        ],
        queues,
        'No queue has a rate limit, or a limit of jobs at a time, over all its workers.',
      ),
      table<Limits['limiters'][number]>(
        'Limiters',
        [
          { title: 'App', cell: ({ app }) => app },
          { title: 'Limiter', cell: ({ name }) => name },
          { title: 'Key', cell: ({ key }) => (key ? foreign(key) : 'all') },
          { title: 'Allows', cell: allows },
          {
            title: 'Left',
            number: true,
            cell: ({ left }) => (left > 0 ? count(left) : badge('warn', 'none')),
          },
          { title: 'Waiting', number: true, cell: ({ waiting }) => count(waiting) },
          { title: 'Who waits', cell: ({ waiters }) => first(waiters) },
        ],
        limiters,
        'No limiter was used in the last month.',
      ),
      table<Limits['locks'][number]>(
        'Locks',
        [
          { title: 'App', cell: ({ app }) => app },
          { title: 'Lock', cell: ({ name }) => foreign(name) },
          { title: 'Holder', cell: ({ holder }) => foreign(holder) },
          { title: 'Held for', number: true, cell: ({ heldFor }) => duration(heldFor) },
          { title: 'Lease ends in', number: true, cell: ({ expiresIn }) => duration(expiresIn) },
          { title: 'Who waits', cell: ({ waiters }) => first(waiters) },
        ],
        locks,
        'No lock is held.',
      ),
      h('p', { class: 'none' }, 'Unique keys that are taken are on the page Memory of an app.'),
      notes(missing),
    ];
  },
};

type Queue = Limits['queues'][number];

const running = ({ running: now, concurrency }: Queue) =>
  concurrency === undefined ? count(now) : full(now, concurrency);

const started = ({ rateLimit: rate }: Queue) =>
  rate ? [full(rate.used, rate.max), ` in ${duration(rate.per)}`] : '–';

function full(used: number, most: number) {
  const text = `${count(used)} of ${count(most)}`;
  return used >= most ? badge('warn', text) : text;
}

const anew = (ms: number) => (ms > 0 ? `in ${duration(ms)}` : '–');

function allows({ rule: { kind, max, capacity, refill, per = 0 } }: Limits['limiters'][number]): string {
  if (kind === 'concurrent') return `${max} at a time`;
  return kind === 'window' ? `${max} in ${duration(per)}` : `${capacity}, then ${refill} in ${duration(per)}`;
}

function first(waiters: readonly string[]) {
  const rest = waiters.length > 3 ? ` and ${waiters.length - 3} more` : '';
  return waiters.length === 0 ? '–' : [foreign(waiters.slice(0, 3).join(', ')), rest];
}
