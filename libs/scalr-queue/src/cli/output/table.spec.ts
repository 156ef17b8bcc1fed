import { stripVTControlCharacters } from 'node:util';
import { cleanLines, cleanText } from '../../observability/clean-text.js';
import { toJson } from './json.js';
import { Paint } from './paint.js';
import { type Column, renderTable } from './table.js';
import { formatDuration, formatMoment } from './units.js';

interface Row {
  name: string;
  count: number;
}
const columns: Column<Row>[] = [
  { title: 'name', of: ({ name }) => name },
  { title: 'count', of: ({ count }) => (count > 9 ? { value: count, tone: 'bad' } : count) },
  { title: 'note', of: () => undefined },
];
const rows = [
  { name: 'mail', count: 7 },
  { name: 'naïve👩‍👩‍👧', count: 12 },
];
const plain = new Paint({ isTTY: false });

describe('a table', () => {
  it('aligns texts on the left and numbers on the right', () => {
    expect(renderTable(columns, rows, plain)).toBe(
      'NAME    COUNT  NOTE\nmail        7  -\nnaïve👩‍👩‍👧     12  -',
    );
  });

  it('is cut to the width of the terminal', () => {
    const lines = renderTable(columns, [{ name: 'x'.repeat(50), count: 1 }], plain, 20).split('\n');
    expect(lines[1]).toBe(`${'x'.repeat(19)}…`);
  });

  it.each([1, 7, 12, 19, 20, 21])('is cut in colours to %i columns as it is without', (width) => {
    const cut = (paint: Paint) =>
      stripVTControlCharacters(renderTable(columns, rows, paint, width)).replaceAll(/ +$/gm, '');
    const coloured = new Paint({ isTTY: true }, { TERM: 'xterm' });
    expect(coloured.colours).toBe(true);
    expect(cut(coloured)).toBe(cut(plain));
    const [head = ''] = cut(coloured).split('\n');
    expect(head.length).toBeLessThanOrEqual(width);
  });

  it('cleans its cells', () => {
    expect(renderTable(columns, [{ name: 'a\u001b[2Jb\nc\u009bd', count: 1 }], plain)).toContain(
      'a\\x1b[2Jb c\\x9bd',
    );
  });

  it('has colours on a terminal only, and not with NO_COLOR', () => {
    const coloured = (isTTY: boolean, env: NodeJS.ProcessEnv) =>
      renderTable(columns, rows, new Paint({ isTTY }, env));
    expect(coloured(true, {})).toContain('\u001b[31m');
    expect(coloured(true, { NO_COLOR: '1' })).not.toContain('\u001b');
    expect(coloured(false, {})).not.toContain('\u001b');
  });
});

describe('text from outside', () => {
  it('loses what a terminal would obey', () => {
    expect(cleanText('a\u0007\u202eb\u2028c')).toBe('a\\x07\\u202eb\\u2028c');
    expect(cleanLines('a\n\tb\rc')).toBe('a\n\tb\\x0dc');
  });

  it('is the same data in JSON, and harmless to look at', () => {
    const data = { name: 'a\u001b[2J\u009b\u202e\u007f' };
    expect(toJson(data)).toMatch(/^[ -~\n]*$/);
    expect(JSON.parse(toJson(data))).toEqual(data);
  });
});

it.each([
  [0, '0ms'],
  [999, '999ms'],
  [61_000, '1m 1s'],
  [3_600_000, '1h'],
  [90_061_000, '1d 1h'],
])('calls %i ms %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

it('tells the past from the future', () => {
  expect(formatMoment(new Date(5_000), 65_000)).toBe('1m ago');
  expect(formatMoment(new Date(65_000), 5_000)).toBe('in 1m');
});
