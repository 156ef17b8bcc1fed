import { actButton, may } from '../act-dialog.js';
import { get, part, type Sample } from '../api.js';
import { type Child, h } from '../dom.js';
import { bytes, count, duration } from '../format.js';
import { historyOf } from '../history.js';
import { badge, facts, foreign, hrefOf, noApp, table, to } from '../parts.js';
import type { Page, View } from './page.js';

const BY = ['kind', 'tag', 'size'];

/** What chooses the jobs of a part, where something does. */
const FILTERS: Readonly<Record<string, string>> = { kind: 'name', tag: 'tag' };

/** One queue: how it went, and who fills it. */
export const queuePage: Page = {
  title: 'Queue',
  draw: async ({ query, me, overview }: View): Promise<Child[]> => {
    const { app = '', queue: name = '', by } = query;
    const found = overview.apps.find((one) => one.app === app);
    if (!found) return [noApp(app)];
    const queue = found.queues.find((one) => one.name === name);
    if (!queue) return [h('p', { class: 'none' }, 'The app has no queue ', foreign(name), '.')];
    const jobs = (state: string, number: number) => to('jobs', { app, queue: name, state }, count(number));
    const sampled = async (what: string) => ({
      by: what,
      sample: await get<Sample>(`queues/${part(app)}/${part(name)}/sample`, { by: what }),
    });
    const [charts, shares] = await Promise.all([
      historyOf('queue', query),
      by ? sampled(by) : divided(sampled),
    ]);
    return [
      h('h2', {}, `${name} of ${app}`),
      facts([
        ['State', queue.problem?.message ?? (queue.paused ? badge('warn', 'paused') : 'open')],
        ['Waiting', jobs('waiting', queue.waiting)],
        ['Oldest', queue.oldestPendingAgeMs > 0 ? duration(queue.oldestPendingAgeMs) : '–'],
        ['Running', jobs('running', queue.running)],
        ['Delayed', jobs('delayed', queue.delayed)],
        ['Dead', queue.dead > 0 ? to('dead', { app, queue: name }, count(queue.dead)) : '0'],
        ['Workers', queue.workers > 0 ? count(queue.workers) : badge('warn', 'none')],
      ]),
      ...charts,
      ...filled(query, shares, may(me, 'cancel')),
    ];
  },
};

interface Shares {
  readonly by: string;
  readonly sample: Sample;
}

/** Tags tell tenants apart, so they come first; kinds where no job has one. */
async function divided(sampled: (by: string) => Promise<Shares>): Promise<Shares> {
  const byTag = await sampled('tag');
  return byTag.sample.parts.some(({ value }) => value !== undefined) ? byTag : sampled('kind');
}

function filled(query: View['query'], { by, sample }: Shares, mayCancel: boolean): Child[] {
  const { total, lookedAt, exact, damaged, others, parts } = sample;
  const links = BY.map((one) =>
    h('a', { href: hrefOf('queue', { ...query, by: one }), 'aria-current': one === by && 'true' }, one),
  );
  const about = exact ? '' : '~';
  const field = mayCancel ? FILTERS[by] : undefined;
  const cancel = ({ value, estimate }: Sample['parts'][number]) =>
    field !== undefined &&
    typeof value === 'string' &&
    actButton(`Cancel ${about}${count(estimate)} waiting jobs of this ${by}…`, {
      act: 'cancel',
      app: query['app'] ?? '',
      filter: { queue: query['queue'] ?? '', [field]: value, state: 'waiting' },
    });
  return [
    h('h2', {}, 'Who fills it'),
    h('nav', { 'aria-label': 'Divided by', class: 'choice' }, ...links),
    h(
      'p',
      { class: 'none' },
      exact
        ? `All ${count(total)} that wait were looked at.`
        : `${count(lookedAt)} of ${count(total)} that wait were looked at, spread over all of them: numbers with ~ are estimates.`,
      damaged > 0 ? ` ${count(damaged)} could not be read.` : '',
    ),
    table<Sample['parts'][number]>(
      `Waiting jobs by ${by}`,
      [
        { title: by, cell: ({ value }) => (value === undefined ? 'none' : foreign(String(value))) },
        { title: 'Share', number: true, cell: ({ share }) => `${about}${Math.round(100 * share)} %` },
        { title: 'Jobs', number: true, cell: ({ estimate }) => `${about}${count(estimate)}` },
        {
          title: 'Payload of each',
          number: true,
          cell: ({ bytes: all, jobs }) => (jobs > 0 ? bytes(all / jobs) : '–'),
        },
        ...(field === undefined ? [] : [{ title: 'Acts', cell: cancel }]),
      ],
      parts,
      'No job waits.',
    ),
    others > 0 && h('p', { class: 'none' }, `${count(others)} jobs of further ones were looked at.`),
  ];
}
