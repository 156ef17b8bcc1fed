import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { onTestFinished, vi } from 'vitest';
import { Paint } from '../output/paint.js';
import { TopLive } from './top.live.js';

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';

/** A view of a number on a terminal, which is drawn once in an hour unless something happens. */
function live(read: () => Promise<number>, { interval = 3_600_000, columns = 80 } = {}) {
  const sent: string[] = [];
  const stdout = Object.assign(new EventEmitter(), {
    columns,
    rows: 24,
    write: (text: string) => sent.push(text) > 0,
  });
  const keys = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => keys });
  const view = {
    paint: new Paint({ isTTY: false }, {}),
    render: (frame: number, { width, height }: { width: number; height: number }) => [
      `frame ${frame} of ${width}x${height}`,
    ],
  };
  const ended = new TopLive({ read }, interval, view, stdout as never, keys as never).run();
  const press = (key: string) => keys.emit('data', Buffer.from(key));
  onTestFinished(async () => {
    press('q');
    await ended;
  });
  const drawn = () => sent.slice(1).map((text) => stripVTControlCharacters(text).split('\r\n'));
  return { ended, press, drawn, sent, stdout };
}

it('draws what was read and how to go on, anew after each interval, until somebody quits', async () => {
  let frame = 0;
  const { ended, press, drawn, sent, stdout } = live(async () => ++frame, { interval: 1 });
  await vi.waitFor(() => expect(drawn().length).toBeGreaterThan(2), { timeout: 10_000 });
  press('q');
  await ended;
  const [first, second] = drawn();
  expect(first).toEqual(['frame 1 of 80x22', 'every 0.001 s · p pause · q quit']);
  expect(second![0]).toBe('frame 2 of 80x22');
  expect([sent[0], sent.at(-1)]).toEqual([ENTER, LEAVE]);
  const { length } = sent;
  stdout.emit('resize');
  expect(sent).toHaveLength(length);
  expect(stdout.listenerCount('resize')).toBe(0);
});

it('reads nothing while it is paused, and says so at once', async () => {
  let reads = 0;
  const { press, drawn } = live(async () => ++reads, { interval: 5 });
  await vi.waitFor(() => expect(drawn()).not.toEqual([]), { timeout: 10_000 });
  press('p');
  expect(drawn().at(-1)!.at(-1)).toBe('paused · p go on · q quit');
  // What was being read when the key came is the last.
  const drawnBefore = drawn().length;
  await vi.waitFor(() => expect(drawn().length).toBeGreaterThan(drawnBefore + 1), { timeout: 10_000 });
  const paused = reads;
  await vi.waitFor(() => expect(drawn().length).toBeGreaterThan(drawnBefore + 4), { timeout: 10_000 });
  expect(reads).toBe(paused);
  press('x');
  press('p');
  expect(drawn().at(-1)!.at(-1)).toBe('every 0.005 s · p pause · q quit');
  await vi.waitFor(() => expect(reads).toBeGreaterThan(paused), { timeout: 10_000 });
});

it('draws anew when the terminal gets another size', async () => {
  const { drawn, stdout } = live(async () => 7);
  await vi.waitFor(() => expect(drawn()).toHaveLength(1), { timeout: 10_000 });
  Object.assign(stdout, { columns: 20, rows: 10 });
  stdout.emit('resize');
  expect(drawn()[1]).toEqual(['frame 7 of 20x8', 'every 3600 s · p pau']);
});

it('says what is wrong beside what it saw last, until it sees again', async () => {
  const answers = [7, new Error('Redis is\u001b[2J gone'), 'hung up', 8];
  const read = async () => {
    const answer = answers.shift();
    if (typeof answer !== 'number') throw answer;
    return answer;
  };
  const { press, drawn } = live(read, { interval: 1 });
  await vi.waitFor(() => expect(drawn().length).toBeGreaterThan(3), { timeout: 10_000 });
  press('p');
  const foot = 'every 0.001 s · p pause · q quit';
  expect(drawn().slice(0, 4)).toEqual([
    ['frame 7 of 80x22', foot],
    ['frame 7 of 80x22', 'Redis is\\x1b[2J gone', foot],
    ['frame 7 of 80x22', 'hung up', foot],
    ['frame 8 of 80x22', foot],
  ]);
});

it('has nothing but what is wrong to show when it never saw anything', async () => {
  const { ended, press, drawn } = live(() => Promise.reject(new Error('Redis is gone')), { columns: 8 });
  await vi.waitFor(() => expect(drawn()).toEqual([['Redis is', 'every 36']]), { timeout: 10_000 });
  // Ctrl-C, where the terminal hands it on as a key.
  press('\u0003');
  await ended;
});
