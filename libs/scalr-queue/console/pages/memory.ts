import { type App, get, type Memory } from '../api.js';
import { type Child, h } from '../dom.js';
import { bytes, count, moment } from '../format.js';
import { facts, table, to } from '../parts.js';
import type { Page, View } from './page.js';

/** Where the memory of Redis goes: by app, and within one by queue and kind of job. */
export const memoryPage: Page = {
  title: 'Memory',
  key: 'm',
  label: 'Memory',
  draw: async (view) => (view.query['app'] ? ofApp(view.query['app']) : ofAll(view)),
};

function ofAll({ overview: { apps, server } }: View): Child[] {
  const { usedMemory, maxMemory } = server;
  return [
    facts([
      ['Used', usedMemory === undefined ? undefined : bytes(usedMemory)],
      ['Limit', maxMemory === undefined ? undefined : maxMemory > 0 ? bytes(maxMemory) : 'none'],
    ]),
    table<App>(
      'Apps',
      [
        { title: 'App', cell: ({ app }) => to('memory', { app }, app) },
        {
          title: 'Memory, about',
          number: true,
          cell: ({ bytes: size }) => (size === undefined ? '–' : bytes(size)),
        },
        { title: 'Of what is used', number: true, cell: ({ memoryShare }) => share(memoryShare) },
      ],
      apps.toSorted((one, other) => (other.bytes ?? 0) - (one.bytes ?? 0)),
      'No app has stored anything yet.',
    ),
  ];
}

const share = (part: number | undefined): string =>
  part === undefined ? '–' : `${(100 * part).toFixed(part < 0.1 ? 1 : 0)} %`;

async function ofApp(app: string): Promise<Child[]> {
  const { at, complete, keys, bytes: all, parts, largest, unique } = await get<Memory>('memory', { app });
  const job = ({ id, name = '', queue }: { id: string; name?: string; queue: string }) =>
    to('job', { app, name, id, queue }, id);
  return [
    h('p', {}, to('memory', {}, 'All apps')),
    h(
      'p',
      {},
      `About ${bytes(all)} in ${count(keys)} keys of ${app}, from a sample of each part, looked at `,
      moment(at),
      complete ? '.' : '. The time was over before all keys were seen: it is more than that.',
    ),
    table<Memory['parts'][number]>(
      'What takes it',
      [
        { title: 'Queue', cell: ({ queue }) => (queue ? to('queue', { app, queue }, queue) : '–') },
        { title: 'What', cell: ({ what, kind }) => (kind ? `${what}: ${kind}` : what) },
        { title: 'Keys', number: true, cell: (part) => count(part.keys) },
        { title: 'Memory, about', number: true, cell: (part) => bytes(part.bytes) },
        { title: 'Each', number: true, cell: (part) => bytes(part.bytes / part.keys) },
      ],
      parts,
      'Nothing is stored.',
    ),
    table<Memory['largest'][number]>(
      'The largest jobs of the sample',
      [
        { title: 'Job', cell: job },
        { title: 'Kind', cell: ({ name }) => name ?? '–' },
        { title: 'Queue', cell: ({ queue }) => queue },
        { title: 'Memory', number: true, cell: (one) => bytes(one.bytes) },
      ],
      largest,
      'No job is stored.',
    ),
    table<Memory['unique']['oldest'][number]>(
      `Unique keys that are taken (${count(unique.count)}), the oldest first`,
      [
        { title: 'By the job', cell: job },
        { title: 'Kind', cell: ({ name }) => name ?? '–' },
        { title: 'Queue', cell: ({ queue }) => queue },
        { title: 'Enqueued', cell: ({ since }) => moment(since) },
      ],
      unique.oldest,
      'None.',
    ),
  ];
}
