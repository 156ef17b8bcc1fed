import { PassThrough } from 'node:stream';
import { Screen } from './screen.js';

/** A terminal of which everything is kept that it is sent. */
function terminal() {
  const keys = Object.assign(new PassThrough(), { isTTY: true, raw: false, setRawMode });
  function setRawMode(on: boolean) {
    keys.raw = on;
  }
  const sent: string[] = [];
  const stdout = { columns: 80, rows: 24, write: (text: string) => sent.push(text) > 0 };
  const pressed: string[] = [];
  const screen = new Screen(stdout as never, keys as never, (key) => pressed.push(key));
  return { screen, keys, sent, pressed };
}

it('draws over what was there in one write, and leaves the terminal as it was', () => {
  const { screen, keys, sent } = terminal();
  expect([screen.width, screen.height, keys.raw]).toEqual([80, 24, true]);
  screen.draw(['one', 'two']);
  screen.close();
  expect(keys.raw).toBe(false);
  screen.draw(['late']);
  screen.close();
  expect(sent).toEqual([
    '\u001b[?1049h\u001b[?25l',
    '\u001b[Hone\u001b[K\r\ntwo\u001b[K\u001b[J',
    '\u001b[?25h\u001b[?1049l',
  ]);
});

it('tells the keys, and that Ctrl-C and a signal end it', () => {
  const listening = process.listenerCount('SIGHUP');
  const { screen, keys, pressed } = terminal();
  for (const key of ['q', '\u0003']) keys.emit('data', Buffer.from(key));
  expect(pressed).toEqual(['q', 'quit']);
  expect(process.listenerCount('SIGHUP')).toBe(listening + 1);
  screen.close();
  keys.emit('data', Buffer.from('q'));
  expect(pressed).toHaveLength(2);
  expect(process.listenerCount('SIGHUP')).toBe(listening);
});
