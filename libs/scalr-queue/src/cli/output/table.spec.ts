import { stripVTControlCharacters } from 'node:util';
import { cleanLines, cleanText } from '../../observability/clean-text.js';
import { toJson } from './json.js';
import { Paint } from './paint.js';
import { type Column, renderFields, renderTable } from './table.js';

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

  it('has a dash where there is no value, and no spaces at the ends of its lines', () => {
    const optional: Column<{ name?: string; note: string }>[] = [
      { title: 'name', of: ({ name }) => name },
      { title: 'note', of: ({ note }) => ({ value: note, tone: 'dim' }) },
    ];
    const table = renderTable(optional, [{ note: '' }, { name: 'a long one', note: 'x' }], plain);
    expect(table).toBe('NAME        NOTE\n-           -\na long one  x');
    expect(renderTable(optional, [], plain)).toBe('NAME  NOTE');
  });

  it('leaves out the columns that there is no room for', () => {
    const cut = (width: number) => renderTable(columns, rows, plain, width).split('\n');
    // A column that begins at the edge would show nothing but its mark.
    expect(cut(9)).toEqual(['NAME', 'mail', 'naïve👩‍👩‍👧']);
    expect(cut(10)).toEqual(['NAME    C…', 'mail     …', 'naïve👩‍👩‍👧   …']);
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

  it('has its titles dim, and a cell in its tone without the spaces around it', () => {
    const [head, first, second] = renderTable(columns, rows, new Paint({ isTTY: true }, {})).split('\n');
    const dim = (text: string) => `\u001b[2m${text}\u001b[22m`;
    expect(head).toBe(`${dim('NAME  ')}  ${dim('COUNT')}  ${dim('NOTE')}`);
    expect(first).toBe('mail        7  -');
    expect(second).toBe('naïve👩‍👩‍👧  \u001b[31m   12\u001b[39m  -');
  });
});

describe('fields', () => {
  it('stand below each other, their values in one column; those without a value are left out', () => {
    const fields = renderFields(
      [
        ['id', 'j1'],
        ['nothing', undefined],
        ['priority', 0],
        ['state', { value: 'dead', tone: 'bad' }],
        ['a\u001b', 'b\u001b'],
      ],
      plain,
    );
    expect(fields).toBe('id        j1\npriority  0\nstate     dead\na\u001b        b\\x1b');
    expect(renderFields([['nothing', undefined]], plain)).toBe('');
  });

  it('have dim names, and values in their tone', () => {
    const paint = new Paint({ isTTY: true }, {});
    expect(
      renderFields(
        [
          ['state', { value: 'open', tone: 'good' }],
          ['n', 1],
        ],
        paint,
      ),
    ).toBe('\u001b[2mstate\u001b[22m  \u001b[32mopen\u001b[39m\n\u001b[2mn    \u001b[22m  1');
  });
});

describe('colours', () => {
  const paints = (isTTY: boolean | undefined, env: NodeJS.ProcessEnv) => new Paint({ isTTY }, env).colours;

  it.each([
    [true, {}, true],
    [true, { TERM: 'xterm' }, true],
    [true, { TERM: 'dumb' }, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [false, {}, false],
    [undefined, {}, false],
    [false, { FORCE_COLOR: '1' }, true],
    [false, { FORCE_COLOR: '' }, true],
    [false, { FORCE_COLOR: '0' }, false],
    [true, { FORCE_COLOR: '1', TERM: 'dumb' }, true],
    [true, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
  ])('with a terminal: %s, and %o: %s', (isTTY, env, expected) => {
    expect(paints(isTTY, env)).toBe(expected);
  });

  it('are those of the tone, and end with the text', () => {
    const paint = new Paint({ isTTY: true }, {});
    const codes = { bold: [1, 22], dim: [2, 22], good: [32, 39], warn: [33, 39], bad: [31, 39] } as const;
    for (const [tone, [on, off]] of Object.entries(codes))
      expect(paint[tone as keyof typeof codes]('x')).toBe(`\u001b[${on}mx\u001b[${off}m`);
    expect(plain.bad('x')).toBe('x');
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
