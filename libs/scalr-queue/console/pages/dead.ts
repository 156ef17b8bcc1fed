import { actButton, may } from '../act-dialog.js';
import { get, type Group, type Job, type Me } from '../api.js';
import { type Child, h } from '../dom.js';
import { count, moment } from '../format.js';
import { errorText, table, to } from '../parts.js';
import type { Page, View } from './page.js';

export const deadPage: Page = {
  title: 'Dead jobs',
  key: 'd',
  label: 'Dead',
  draw: async (view) => (view.query['group'] ? jobsOf(view) : groupsOf(view)),
};

async function groupsOf({ query, overview, me }: View): Promise<Child[]> {
  const { app, queue } = query;
  const apps = overview.apps.filter((one) => (app ? one.app === app : one.dead > 0));
  const looks = await Promise.all(
    apps.map(async (one) => {
      const { groups } = await get<{ groups: Group[] }>('dead/groups', { app: one.app, queue });
      return groups.map((group) => ({ app: one.app, ...group }));
    }),
  );
  const groups = looks.flat().toSorted((one, other) => other.jobs - one.jobs);
  return [
    table(
      queue ? `What jobs of ${queue} died of` : 'What jobs died of',
      [
        {
          title: 'Jobs',
          number: true,
          cell: (group) => to('dead', { app: group.app, queue, group: group.fingerprint }, count(group.jobs)),
        },
        { title: 'App', cell: (group) => group.app },
        { title: 'Kind', cell: ({ name }) => name || '–' },
        { title: 'Reason', cell: ({ reason }) => reason },
        { title: 'Error', cell: ({ error }) => errorText(error) },
        { title: 'First', cell: ({ firstDiedAt }) => moment(firstDiedAt) },
        { title: 'Last', cell: ({ lastDiedAt }) => moment(lastDiedAt) },
        ...(may(me, 'retry') ? [{ title: 'Acts', cell: (group: GroupOf) => acts(me, group, queue) }] : []),
      ],
      groups,
      'No job is dead.',
    ),
  ];
}

type GroupOf = Group & { readonly app: string };

function acts(me: Me, { app, fingerprint: group }: GroupOf, queue: string | undefined): Child {
  const filter = { group, ...(queue ? { queue } : {}) };
  return [
    actButton('Retry…', { act: 'retry', app, filter }),
    ' ',
    may(me, 'delete') && actButton('Delete…', { act: 'delete', app, filter }),
  ];
}

async function jobsOf({ query }: View): Promise<Child[]> {
  const { app = '', queue, group, cursor } = query;
  const page = await get<{ jobs: Job[]; cursor?: string }>('dead', { app, queue, group, cursor });
  return [
    h('p', {}, to('dead', { app, queue }, 'All groups')),
    table<Job>(
      `Dead jobs of group ${group} in ${app}`,
      [
        { title: 'Job', cell: ({ id, name, queue: of }) => to('job', { app, name, id, queue: of }, id) },
        { title: 'Kind', cell: ({ name }) => name },
        { title: 'Queue', cell: (job) => job.queue },
        { title: 'Attempts', number: true, cell: ({ attempt }) => attempt },
        { title: 'Died', cell: ({ finishedAt }) => moment(finishedAt) },
        { title: 'Error', cell: ({ error }) => error && errorText(error) },
      ],
      page.jobs,
      'No job of this group is dead any more.',
    ),
    page.cursor && h('p', {}, to('dead', { app, queue, group, cursor: page.cursor }, 'Older ones')),
  ];
}
