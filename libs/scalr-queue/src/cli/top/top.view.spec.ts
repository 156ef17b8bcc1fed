import { Paint } from '../output/paint.js';
import type { TopFrame } from './top.reader.js';
import { renderTop } from './top.view.js';

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
