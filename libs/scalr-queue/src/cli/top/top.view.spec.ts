import { workerOf as anyWorker } from '../../../../../test/support/worker-info.js';
import type { WorkerInfo } from '../../contract/worker-info.js';
import { Paint } from '../output/paint.js';
import type { TopFrame } from './top.reader.js';
import { renderTop } from './top.view.js';

const NOW = Date.parse('2026-05-01T10:00:00Z');

const look = { app: 'shop', paint: new Paint({ isTTY: false }, {}) };
const queue = (name: string, waiting: number) => ({
  name,
  waiting,
  delayed: 0,
  running: 0,
  dead: 0,
  paused: false,
  oldestPendingAgeMs: 0,
  nextJobs: [],
});
const frame = (waiting: number, name = 'mail'): TopFrame => ({
  at: 1,
  queues: [queue(name, waiting)],
  workers: [],
  unhandled: [],
  rates: new Map(),
  sinceStart: false,
  growth: new Map(),
  deadReasons: [],
  deadEstimated: false,
});

it('shows growth and rates where they are known', () => {
  expect(renderTop(frame(5), look).join('\n')).toMatch(/^mail +5 +0 +0 +0 +- +- +- +- +- +0$/m);
  const known = {
    ...frame(50),
    growth: new Map([['mail', -12.4]]),
    rates: new Map([['mail', { completed: 30.4, retried: 0.26, dead: 0 }]]),
  };
  const lines = renderTop(known, look);
  expect(lines.find((line) => line.startsWith('mail'))).toMatch(
    /^mail +50 +0 +0 +0 +- +-12 +30 +0\.3 +0 +0$/,
  );
  expect(lines).toContain('no live worker');
  expect(lines.join('\n')).not.toContain('averages');
  expect(renderTop({ ...known, sinceStart: true }, look)).toContain(
    'rates: averages since the workers started',
  );
});

it('shows names that a terminal would obey as text', () => {
  const hostile: TopFrame = {
    ...frame(0, 'a\u001b[2Jb\rc'),
    unhandled: [{ name: '\u009b31m', queue: '\u202eq' }],
    deadReasons: [{ reason: 'attempts: \u0007Bell\nError', jobs: 3 }],
  };
  const text = renderTop(hostile, { ...look, app: '\u001b]0;x\u0007' }).join('\n');
  const obeyed = ['\u001b', '\u009b', '\u0007', '\r', '\u202e'];
  expect(obeyed.filter((character) => text.includes(character))).toEqual([]);
  expect(text).toContain('a\\x1b[2Jb');
});

it('keeps to the size of the terminal, and says what it leaves out', () => {
  const queues = Array.from({ length: 50 }, (_, at) => queue(`queue-${at}-${'x'.repeat(100)}`, at));
  const lines = renderTop({ ...frame(0), queues }, { ...look, width: 60, height: 20 });
  expect(lines.length).toBeLessThanOrEqual(20);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
  expect(lines.join('\n')).toContain('… and 45 more');
});

const workerOf = (rest: Partial<WorkerInfo>) =>
  anyWorker({ queues: ['mail'], startedAt: new Date(NOW - 90_000), seenAt: new Date(NOW), ...rest });

/** Two queues, three workers of which one leaves, and what is dead. */
const busy: TopFrame = {
  ...frame(0),
  at: NOW,
  queues: [
    { ...queue('mail', 5), delayed: 2, running: 3, dead: 12, oldestPendingAgeMs: 61_000 },
    { ...queue('pdf', 20), delayed: 1, paused: true },
  ],
  workers: [
    workerOf({
      running: 3,
      runningJobs: [
        { id: 'j1', queue: 'mail' },
        { id: 'j2', queue: 'mail' },
      ],
      counts: [
        { queue: 'mail', completed: 40, dead: 1, retried: 2 },
        { queue: 'fax', completed: 2, dead: 0, retried: 0 },
      ],
    }),
    workerOf({ pid: 8 }),
    workerOf({ host: 'vm-2', running: 1, draining: true, queues: ['mail', 'pdf'] }),
  ],
  rates: new Map([['mail', { completed: 9.96, retried: 0, dead: 0.04 }]]),
  growth: new Map([
    ['mail', 0.25],
    ['pdf', -0.01],
  ]),
  deadReasons: [
    { reason: 'attempts: Error', jobs: 11 },
    { reason: 'crashed: Error', jobs: 1 },
  ],
};

describe('a view', () => {
  beforeEach(() => void vi.useFakeTimers({ now: NOW, toFake: ['Date'] }));
  afterEach(() => void vi.useRealTimers());

  it('adds up the queues, and tells of each queue and worker, and why jobs are dead', () => {
    expect(renderTop(busy, look)).toEqual([
      'scalr-queue top  shop  25 waiting · 3 delayed · 3 running · 12 dead · 3 workers · 10:00:00',
      '',
      'QUEUE         WAITING  DELAYED  RUNNING  DEAD  OLDEST  NET/S  DONE/S  RETRY/S  DEAD/S  WORKERS',
      'mail                5        2        3    12  1m 1s     0.3      10        0       0        2',
      'pdf (paused)       20        1        0     0  -           0       -        -       -        0',
      '',
      'WORKER  UP           RUNNING  DONE  FIRST JOB',
      'vm-1:7  1m 30s             3    42  mail/j1',
      'vm-1:8  1m 30s             0     0  -',
      'vm-2:7  1m 30s  1 (draining)     0  -',
      '',
      'DEAD  REASON',
      '  11  attempts: Error',
      '   1  crashed: Error',
    ]);
  });

  it('says that the numbers of dead jobs are estimates', () => {
    const lines = renderTop({ ...busy, deadEstimated: true }, look);
    expect(lines.slice(-3)).toEqual([
      'DEAD, ABOUT  REASON',
      '         11  attempts: Error',
      '          1  crashed: Error',
    ]);
  });

  it('names the first two kinds of jobs that no worker handles', () => {
    const unhandled = ['old', 'older', 'oldest'].map((name) => ({ name, queue: 'mail' }));
    expect(renderTop({ ...frame(1), at: NOW, unhandled }, look)).toEqual([
      'scalr-queue top  shop  1 waiting · 0 delayed · 0 running · 0 dead · 0 workers · 10:00:00',
      '',
      expect.stringContaining('QUEUE'),
      expect.stringContaining('mail'),
      '',
      'no live worker',
      'no live worker handles old (queue mail)',
      'no live worker handles older (queue mail)',
    ]);
    const [head] = renderTop({ ...busy, workers: busy.workers.slice(0, 1) }, look);
    expect(head).toContain(' · 1 worker · ');
  });

  it('has a colour for what needs a look, and none for what is nothing', () => {
    const paint = new Paint({ isTTY: true }, {});
    const rates = new Map([['mail', { completed: 3, retried: 2, dead: 1 }]]);
    const unhandled = [{ name: 'old', queue: 'mail' }];
    const lines = renderTop({ ...busy, rates, unhandled, sinceStart: true }, { ...look, paint });
    const ESC = '\u001b';
    expect(lines[0]).toMatch(/^\S\[1mscalr-queue top .*10:00:00\S\[22m$/);
    const [mail, pdf] = lines.slice(3, 5).map((line) => line.replaceAll(ESC, '^'));
    expect(mail).toBe(
      'mail                5        2  ^[32m      3^[39m  ^[31m  12^[39m  1m 1s     0.3       3  ^[33m      2^[39m  ^[31m     1^[39m        2',
    );
    expect(pdf).toBe(
      '^[33mpdf (paused)^[39m       20        1        0     0  -           0       -        -       -  ^[31m      0^[39m',
    );
    const text = lines.join('\n').replaceAll(ESC, '^');
    expect(text).toContain('\n^[2mrates: averages since the workers started^[22m\n');
    expect(text).toContain('\n^[31mno live worker handles old (queue mail)^[39m\n');
    expect(text).toContain('^[33m1 (draining)^[39m');
    expect(renderTop(frame(1), { ...look, paint }).join('\n')).toContain(
      `${ESC}[31mno live worker${ESC}[39m`,
    );
  });

  it('cuts what is too wide, and leaves out of each table what there is no room for', () => {
    const many: TopFrame = {
      ...busy,
      queues: Array.from({ length: 9 }, (_, at) => queue(`q${at}`, at)),
      workers: Array.from({ length: 9 }, (_, pid) => workerOf({ pid })),
      deadReasons: Array.from({ length: 9 }, (_, at) => ({ reason: `r${at}`, jobs: 9 - at })),
      sinceStart: true,
      unhandled: [{ name: 'a-long-name-of-a-job', queue: 'mail' }],
    };
    // Twenty lines are for rows: half of them for queues, a quarter for each of the other tables.
    const shown = renderTop(many, { ...look, width: 38, height: 30 });
    expect(shown).toEqual(
      [
        'scalr-queue top  shop  36 waiting · 0…',
        '',
        'QUEUE  WAITING  DELAYED  RUNNING  DEAD',
        ...Array.from({ length: 9 }, (_, at) => expect.stringMatching(new RegExp(`^q${at} `))),
        'rates: averages since the workers sta…',
        '',
        'WORKER  UP      RUNNING  DONE  FIRST …',
        ...Array.from({ length: 5 }, (_, pid) => expect.stringMatching(new RegExp(`^vm-1:${pid} `))),
        '… and 4 more',
        'no live worker handles a-long-name-of…',
        '',
        'DEAD  REASON',
        ...Array.from({ length: 5 }, (_, at) => `   ${9 - at}  r${at}`),
        '… and 4 more',
      ].slice(0, 30),
    );
    expect(renderTop(many, { ...look, height: 3 })).toHaveLength(3);
    // One row of each at least, and no table without an end.
    const least = renderTop(many, { ...look, height: 12 });
    expect(least.filter((line) => /^(?:q\d|vm-1| +\d)/.test(line))).toHaveLength(2);
    expect(least.filter((line) => line === '… and 8 more')).toHaveLength(2);
  });
});
