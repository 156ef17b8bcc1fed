import { get, type JobDetails, part } from '../api.js';
import { type Child, h } from '../dom.js';
import { duration, exact } from '../format.js';
import { errorText, facts, foreign, to } from '../parts.js';
import type { Page, View } from './page.js';

interface Explanation {
  readonly reasons: readonly { readonly message: string; readonly advice?: string }[];
}

/** One job: what became of it, why, and how it went. */
export const jobPage: Page = {
  title: 'Job',
  draw: async ({ query }: View): Promise<Child[]> => {
    const { app = '', name = '', id = '', queue } = query;
    const path = `jobs/${part(app)}/${part(name)}/${part(id)}`;
    const [job, { reasons }] = await Promise.all([
      get<JobDetails>(path, { queue }),
      get<Explanation>(`${path}/explain`, { queue }),
    ]);
    return [
      h('h2', {}, `${job.name} ${job.id}`),
      h(
        'ul',
        { class: 'reasons' },
        ...reasons.map(({ message, advice }) =>
          h('li', {}, foreign(message), advice ? [' ', h('span', { class: 'cure' }, advice)] : undefined),
        ),
      ),
      facts([
        ['App', app],
        ['Queue', to('jobs', { app, queue: job.queue }, job.queue)],
        ['State', job.reason ? `dead: ${job.reason}` : job.state],
        ['Attempt', `${job.attempt} of ${job.maxAttempts}`],
        ['Error', job.error && errorText(job.error)],
        ['Progress', job.progress === undefined ? undefined : JSON.stringify(job.progress)],
        ['On the command line', h('code', {}, `npx scalr-queue job ${job.id} --app ${app}`)],
      ]),
      h('h2', {}, 'Timeline'),
      timeline(job),
      ...job.failures.map(({ attempt, stack }) =>
        h('details', {}, h('summary', {}, `Stack of attempt ${attempt}`), h('pre', { tabindex: '0' }, stack)),
      ),
      job.logs.length > 0 && [h('h2', {}, 'Log'), h('pre', { tabindex: '0' }, job.logs.join('\n'))],
      h('h2', {}, 'Payload'),
      job.payloadHidden
        ? h('p', { class: 'none' }, 'Your account does not see payloads.')
        : h('pre', { tabindex: '0' }, JSON.stringify(job.payload, null, 2)),
      job.result !== undefined && job.result !== null
        ? [h('h2', {}, 'Result'), h('pre', { tabindex: '0' }, JSON.stringify(job.result, null, 2))]
        : undefined,
    ];
  },
};

/** What happened, one after the other, with the time in between. */
function timeline(job: JobDetails): HTMLElement {
  const events: [at: string | undefined, what: string][] = [
    [job.enqueuedAt, 'enqueued'],
    [job.scheduledFor, 'slot of its schedule'],
    ...job.failures.map(({ at, attempt, stack }): [string, string] => [
      at,
      `attempt ${attempt} failed: ${stack.split('\n', 1)[0] ?? ''}`,
    ]),
    [job.startedAt, 'last attempt started'],
    [job.state === 'delayed' ? job.runAt : undefined, 'may start'],
    [job.finishedAt, job.reason ? `dead: ${job.reason}` : job.state],
    [job.expiresAt, 'expires unless it has started'],
  ];
  const known = events.filter((event): event is [string, string] => event[0] !== undefined);
  const sorted = known.toSorted(([one], [other]) => Date.parse(one) - Date.parse(other));
  return h(
    'ol',
    { class: 'timeline' },
    ...sorted.map(([at, what], index) => {
      const before = sorted[index - 1]?.[0];
      const after = before === undefined ? '' : ` (after ${duration(Date.parse(at) - Date.parse(before))})`;
      return h('li', {}, exact(at), ' ', foreign(what), after);
    }),
  );
}
