import type { AppOverview, AppsReport } from '../../engine/redis/survey/apps.reader.js';
import { Paint } from '../output/paint.js';
import { renderApps } from './apps.view.js';

const paint = new Paint({ isTTY: false }, {});
const queue = { name: 'mail', waiting: 0, delayed: 0, running: 0, dead: 0, paused: false, workers: 1 };
const shop: AppOverview = {
  app: 'shop',
  queues: [
    { ...queue, oldestPendingAgeMs: 0 },
    { ...queue, name: 'pdf', oldestPendingAgeMs: 0 },
  ],
  waiting: 20,
  running: 1,
  delayed: 2,
  dead: 3,
  oldestPendingAgeMs: 61_000,
  workers: 0,
  keys: 7,
  bytes: 1_536,
  memoryShare: 0.0312,
  connections: 4,
};
const idle: AppOverview = {
  app: 'idle\u001b',
  queues: [],
  waiting: 0,
  running: 0,
  delayed: 0,
  dead: 0,
  oldestPendingAgeMs: 0,
  workers: 2,
  keys: 1,
};
const report: AppsReport = {
  apps: [shop, idle],
  server: { usedMemory: 2_048, maxMemory: 4_096, clients: 7, maxClients: 10_000 },
  notes: ['a\u001b note'],
};

it('tells of each app what it holds, and of the server how full it is', () => {
  expect(renderApps(report, paint)).toEqual([
    '2 apps · memory 2.0 KiB of 4.0 KiB · connections 7 of 10000',
    '',
    'APP       QUEUES  WAITING  RUNNING  DELAYED  DEAD  OLDEST  WORKERS  MEMORY   SHARE  CONNECTIONS',
    'shop           2       20        1        2     3  1m 1s         0  1.5 KiB  3.1 %            4',
    'idle\\x1b       0        0        0        0     0  -             2  -        -                -',
    'note: a\\x1b note',
  ]);
});

it.each([
  [0.0312, '3.1 %'],
  [0.0999, '10.0 %'],
  [0.1, '10 %'],
  [0.546, '55 %'],
  [0, '0.0 %'],
])('rounds a share of %d to %s', (memoryShare, text) => {
  const [, , , line] = renderApps({ ...report, apps: [{ ...shop, memoryShare }] }, paint);
  expect(line).toContain(`  1.5 KiB  ${text} `);
});

it('says what is not known, and what has no limit', () => {
  expect(renderApps({ apps: [], server: {}, notes: [] }, paint)).toEqual([
    '0 apps · memory unknown · connections unknown',
    '',
    'no app has stored anything yet',
  ]);
  const server = { usedMemory: 2_048, maxMemory: 0, clients: 7 };
  const [head] = renderApps({ apps: [shop], server, notes: [] }, paint);
  expect(head).toBe('1 app · memory 2.0 KiB · connections 7');
});

it('keeps to the width of the terminal, and has colours for what needs a look', () => {
  expect(renderApps({ ...report, notes: [] }, paint, 20)).toEqual([
    '2 apps · memory 2.0 ',
    '',
    'APP       QUEUES  W…',
    'shop           2   …',
    'idle\\x1b       0   …',
  ]);
  const lines = renderApps(report, new Paint({ isTTY: true }, {})).map((line) =>
    line.replaceAll('\u001b', '^'),
  );
  expect(lines[0]).toMatch(/^\^\[1m2 apps .*\^\[22m$/);
  expect(lines[3]).toContain('^[31m   3^[39m  1m 1s   ^[31m      0^[39m');
  expect(lines[4]).not.toContain('^[31m');
  expect(lines.at(-1)).toBe('^[2mnote: a\\x1b note^[22m');
});
