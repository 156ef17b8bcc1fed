import { cleanText } from '../../observability/clean-text.js';
import type { Paint } from './paint.js';

/** What stands in a cell: a value, or one in a colour; undefined is shown as `-`. */
export type Cell = string | number | undefined | { readonly value: string | number; readonly tone: Tone };
export type Tone = 'good' | 'warn' | 'bad' | 'dim' | 'bold';

/** One column. Numbers stand on the right. */
export interface Column<Row> {
  readonly title: string;
  readonly of: (row: Row) => Cell;
}

const GAP = '  ';

/**
 * An aligned table with its titles in capitals. Cells are cleaned of control characters here, so that nobody forgets.
 * @param width of the terminal: longer lines are cut; undefined for files and pipes, where nothing is
 */
export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  paint: Paint,
  width?: number,
): string {
  const cells = rows.map((row) => columns.map(({ of }) => plain(of(row))));
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...cells.map((row) => lengthOf(row[index]!.text))),
  );
  const onRight = columns.map((_column, index) => cells.some((row) => row[index]!.number));
  const line = (texts: readonly { text: string; tone?: Tone }[]) => {
    let room = width ?? Infinity;
    const parts = texts.map(({ text, tone }, index) => {
      const space = widths[index]! - lengthOf(text);
      const isLast = index === texts.length - 1;
      const padded = onRight[index]
        ? ' '.repeat(space) + text
        : text + ' '.repeat(isLast ? 0 : Math.max(0, space));
      const shown = cut(padded, room);
      room -= widths[index]! + GAP.length;
      return tone && shown !== '' ? paint[tone](shown) : shown;
    });
    return parts
      .filter((part) => part !== '')
      .join(GAP)
      .trimEnd();
  };
  const head = line(columns.map(({ title }) => ({ text: title.toUpperCase(), tone: 'dim' })));
  return [head, ...cells.map(line)].join('\n');
}

/** Names and values below each other; those without a value are left out. */
export function renderFields(
  fields: readonly (readonly [name: string, value: Cell])[],
  paint: Paint,
): string {
  const given = fields.filter(([, value]) => value !== undefined);
  const width = Math.max(0, ...given.map(([name]) => name.length));
  return given
    .map(([name, value]) => {
      const { text, tone } = plain(value);
      return `${paint.dim(name.padEnd(width))}${GAP}${tone ? paint[tone](text) : text}`;
    })
    .join('\n');
}

function plain(cell: Cell): { text: string; number: boolean; tone?: Tone } {
  if (cell === undefined || cell === '') return { text: '-', number: false };
  if (typeof cell === 'object') return { ...plain(cell.value), tone: cell.tone };
  return { text: cleanText(String(cell)), number: typeof cell === 'number' };
}

function cut(text: string, room: number): string {
  const shown = characters(text);
  if (shown.length <= room) return text;
  return room < 2 ? '' : `${shown.slice(0, room - 1).join('')}…`;
}

const segmenter = new Intl.Segmenter();

/** As a person counts them: an emoji of several code points is one. */
function characters(text: string): string[] {
  return /^[ -~]*$/.test(text)
    ? text.split('')
    : Array.from(segmenter.segment(text), ({ segment }) => segment);
}

const lengthOf = (text: string): number => characters(text).length;
