import { Paint } from '../output/paint.js';
import type { TopFrame } from './top.reader.js';
import { renderTop } from './top.view.js';

const look = { app: 'shop', paint: new Paint({ isTTY: false }) };
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
const frame = (at: number, waiting: number, completed: number, name = 'mail'): TopFrame => ({
  at,
  queues: [queue(name, waiting)],
  workers: [],
  unhandled: [],
  ended: new Map([[name, { completed, dead: 0 }]]),
  deadReasons: [],
});

it('tells rates from two frames: what is there now, and what came and has ended', () => {
  const lines = renderTop(frame(3_000, 50, 160), frame(1_000, 10, 100), look);
  expect(lines.find((line) => line.startsWith('mail'))).toMatch(/^mail +50 +0 +0 +0 +- +50 +30 +0 +0$/);
  expect(lines).toContain('no live worker');
});

it('shows no rate before the second frame, and none below zero when Redis was emptied', () => {
  expect(renderTop(frame(1, 5, 5), undefined, look).join('\n')).toMatch(/mail +5 +0 +0 +0 +- +- +- +- +0/);
  expect(renderTop(frame(2_000, 0, 0), frame(1_000, 5, 5), look).join('\n')).toMatch(/- +0 +0 +0 +0$/m);
});

it('shows names that a terminal would obey as text', () => {
  const hostile: TopFrame = {
    ...frame(1, 0, 0, 'a\u001b[2Jb\rc'),
    unhandled: [{ name: '\u009b31m', queue: '\u202eq' }],
    deadReasons: [{ reason: 'attempts: \u0007Bell\nError', jobs: 3 }],
  };
  const text = renderTop(hostile, undefined, { ...look, app: '\u001b]0;x\u0007' }).join('\n');
  const obeyed = ['\u001b', '\u009b', '\u0007', '\r', '\u202e'];
  expect(obeyed.filter((character) => text.includes(character))).toEqual([]);
  expect(text).toContain('a\\x1b[2Jb');
});

it('keeps to the size of the terminal, and says what it leaves out', () => {
  const queues = Array.from({ length: 50 }, (_, at) => queue(`queue-${at}-${'x'.repeat(100)}`, at));
  const lines = renderTop({ ...frame(1, 0, 0), queues }, undefined, { ...look, width: 60, height: 20 });
  expect(lines.length).toBeLessThanOrEqual(20);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
  expect(lines.join('\n')).toContain('… and 45 more');
});
